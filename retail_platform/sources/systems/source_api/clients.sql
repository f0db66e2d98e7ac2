SELECT
    client_id,
    name,
    email,
    phone,
    age,
    gender,
    city,
    region,
    loyalty_card,
    created_on
FROM clients
