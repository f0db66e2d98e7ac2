SELECT
    Store AS store_id,
    'Rossmann ' || Store AS name,
    'DE' AS country,
    'drugstore' AS format
FROM stores
