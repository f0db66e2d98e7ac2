SELECT
    store_id,
    name,
    city,
    region,
    country,
    latitude,
    longitude,
    format,
    area_m2,
    capacity,
    timezone,
    currency,
    opened_on,
    closed_on
FROM stores
