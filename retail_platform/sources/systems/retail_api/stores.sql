SELECT
    id AS store_id,
    name,
    location AS city,
    'FR' AS country,
    'shop' AS format,
    capacity
FROM stores
