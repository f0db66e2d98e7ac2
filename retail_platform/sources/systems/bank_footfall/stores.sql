-- Agencies are named <place>_<number>; there is no list of them but the counts.
SELECT DISTINCT
    agency_name AS store_id,
    replace(agency_name, '_', ' ') AS name,
    replace(regexp_replace(agency_name, '_\d+$', ''), '_', ' ') AS city,
    'FR' AS country,
    'bank branch' AS format
FROM counts
