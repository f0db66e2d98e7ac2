-- Each camera stands in the same city centre: eight copies of one row.
SELECT
    'leeds_city_centre' AS store_id,
    'Leeds city centre' AS name,
    'Leeds' AS city,
    'England' AS region,
    'GB' AS country,
    '53.797' AS latitude,
    '-1.542' AS longitude,
    'street' AS format
FROM (SELECT DISTINCT LocationName FROM counts)
