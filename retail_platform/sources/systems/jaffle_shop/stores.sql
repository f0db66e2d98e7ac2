SELECT
    id AS store_id,
    name,
    name AS city,
    'US' AS country,
    'shop' AS format,
    left(opened_at, 10) AS opened_on
FROM stores
