-- One counter a store; what the source calls `sales` counts receipts, which the sale lines say better.
SELECT
    date,
    hour,
    store_id,
    store_id AS sensor_id,
    visitors
FROM retail_data
