-- Two categories have no English name and keep their Portuguese one; 610 products have none.
WITH english AS (
    SELECT product_category_name, min(product_category_name_english) AS category
    FROM category_names
    GROUP BY product_category_name
)
SELECT
    product_id,
    coalesce(category, product_category_name) AS category
FROM products
LEFT JOIN english USING (product_category_name)
