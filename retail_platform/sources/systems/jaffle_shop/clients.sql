SELECT id AS client_id, name
FROM customers
