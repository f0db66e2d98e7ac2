-- -1 means that the branch was closed, -10 that the counter was broken.
SELECT
    left(date_time, 10) AS date,
    substr(date_time, 12, 2) AS hour,
    agency_name AS store_id,
    agency_name || '/' || counter_id AS sensor_id,
    CASE WHEN visitor_count IN ('-1', '-10') THEN NULL ELSE visitor_count END AS visitors,
    CASE visitor_count WHEN '-1' THEN 'closed' WHEN '-10' THEN 'broken' END AS status
FROM counts
