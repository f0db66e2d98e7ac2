"""Texts of the page of products."""

TEXTS: dict[str, tuple[str, str]] = {
    "products": ("Products", "Produits"),
    "product": ("Product", "Produit"),
    "category": ("Category", "Catégorie"),
    "products_count": ("{count} products", "{count} produits"),
    "products_count_one": ("1 product", "1 produit"),
    "products_no_name": ("(without a product)", "(sans produit)"),
    "products_no_category": ("(without a category)", "(sans catégorie)"),
    "products_others": ("Others", "Autres"),
    "products_measure": ("Rank by", "Classer par"),
    "products_search": ("Product, brand or number", "Produit, marque ou numéro"),
    "products_search_do": ("Search", "Rechercher"),
    "products_search_clear": ("Show all products", "Tous les produits"),
    "products_ranking": ("Ranking: {measure}", "Classement : {measure}"),
    "products_ranking_hint": (
        "A heading ranks by it. A product’s name puts it into the price and margin charts, or takes it out.",
        "Un en-tête classe la table. Le nom d’un produit l’ajoute aux graphiques de prix et de marge, ou l’en retire.",
    ),
    "products_tree": ("Revenue by category", "Chiffre d’affaires par catégorie"),
    "products_tree_hint": (
        "Area is revenue, colour the margin rate. Click a category to see it alone; the table below has links.",
        "La surface est le chiffre d’affaires, la couleur le taux de marge. Cliquez sur une catégorie pour l’isoler ; "
        "la table ci-dessous a des liens.",
    ),
    "products_categories": ("Categories", "Catégories"),
    "products_categories_hint": ("Click a category to see it alone.", "Cliquez sur une catégorie pour l’isoler."),
    "products_share": ("Share of revenue", "Part du CA"),
    "products_price": ("Price over time", "Prix dans le temps"),
    "products_price_hint": (
        "Solid: revenue per unit. Dotted: list price. {which}",
        "Trait plein : CA par unité. Pointillé : prix affiché. {which}",
    ),
    "products_price_hint_sold": ("Revenue per unit. {which}", "CA par unité. {which}"),
    "products_margin": ("Margin rate over time", "Taux de marge dans le temps"),
    "products_margin_hint": (
        "Over the lines whose cost is known. {which}",
        "Sur les lignes dont le coût est connu. {which}",
    ),
    "products_first": ("The first {count} of the ranking.", "Les {count} premiers du classement."),
    "products_chosen": ("The products chosen in the ranking.", "Les produits choisis dans le classement."),
    "products_list_price": ("{product}, list price", "{product}, prix affiché"),
    "products_none_title": ("No product", "Aucun produit"),
    "products_none_found": (
        "No product sold on these days has “{words}” in its name, brand or number.",
        "Aucun produit vendu sur ces jours ne porte « {words} » dans son nom, sa marque ou son numéro.",
    ),
    "products_none": (
        "Nothing was sold at these stores on these days in these categories: choose others.",
        "Rien n’a été vendu dans ces magasins, ces jours et ces catégories : choisissez-en d’autres.",
    ),
    "products_unknown": ("These products are not among those sold: {products}.", "Produits non vendus : {products}."),
    "products_no_prices": (
        "No cost is known of these products on these days, so there is no margin rate.",
        "Aucun coût n’est connu pour ces produits sur ces jours : pas de taux de marge.",
    ),
    "products_nothing_positive": (
        "No category has revenue above zero on these days, so there is nothing to draw.",
        "Aucune catégorie n’a de chiffre d’affaires positif sur ces jours : rien à dessiner.",
    ),
}
