SELECT
    date,
    hour,
    store_id,
    sensor_id,
    visitors
FROM readings
