SELECT
    id AS client_id,
    name,
    age,
    gender,
    city,
    loyalty_card
FROM clients
