SELECT
    product_id,
    name,
    category,
    brand,
    unit_price,
    unit_cost,
    perishable,
    shelf_life_days,
    supplier_id
FROM products
