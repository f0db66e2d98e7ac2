SELECT
    store_id,
    day,
    open,
    opens,
    closes
FROM opening_hours
