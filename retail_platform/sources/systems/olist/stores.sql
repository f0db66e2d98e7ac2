-- Cities are free text, as the sellers typed them.
SELECT
    seller_id AS store_id,
    seller_city AS city,
    seller_state AS region,
    'BR' AS country,
    'online' AS format
FROM sellers
