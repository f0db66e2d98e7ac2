-- Every day alike, in whole hours.
SELECT
    id AS store_id,
    'daily' AS day,
    'true' AS open,
    clock(opening_hour) AS opens,
    clock(closing_hour) AS closes
FROM stores
