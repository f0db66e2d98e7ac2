-- The source says of each day whether a store was open, not when.
SELECT
    Store AS store_id,
    Date AS day,
    CASE Open WHEN '1' THEN 'true' WHEN '0' THEN 'false' ELSE Open END AS open
FROM days
