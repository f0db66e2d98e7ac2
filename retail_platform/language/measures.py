"""Names of the measures, and what each is."""

TEXTS: dict[str, tuple[str, str]] = {
    "visitors": ("Visitors", "Visiteurs"),
    "transactions": ("Transactions", "Transactions"),
    "units": ("Units", "Unités"),
    "returns": ("Returns", "Retours"),
    "revenue": ("Revenue", "Chiffre d’affaires"),
    "margin": ("Margin", "Marge"),
    "margin_rate": ("Margin rate", "Taux de marge"),
    "conversion_rate": ("Conversion rate", "Taux de transformation"),
    "atv": ("Average transaction value", "Panier moyen"),
    "upt": ("Units per transaction", "Articles par transaction"),
    "aur": ("Average unit retail", "Prix moyen par article"),
    "sales_per_visitor": ("Revenue per visitor", "CA par visiteur"),
    "margin_per_visitor": ("Margin per visitor", "Marge par visiteur"),
    "visitors_imputed_share": ("Estimated visitors", "Visiteurs estimés"),
    "visitors_about": (
        "Persons entering, over open hours. Estimates are counted among them.",
        "Personnes entrées pendant les heures d’ouverture, estimations comprises.",
    ),
    "transactions_about": (
        "Receipts with at least one line sold.",
        "Tickets comportant au moins une ligne vendue.",
    ),
    "revenue_about": (
        "Net of discounts and returns, without tax.",
        "Net de remises et de retours, hors taxes.",
    ),
    "margin_about": (
        "Revenue less cost, over the lines whose cost is known.",
        "Chiffre d’affaires moins coût, sur les lignes dont le coût est connu.",
    ),
    "conversion_rate_about": (
        "Store transactions per visitor, over the days on which every counter worked.",
        "Transactions en magasin par visiteur, sur les jours où tous les compteurs ont fonctionné.",
    ),
    "atv_about": ("Revenue per transaction.", "Chiffre d’affaires par transaction."),
    "upt_about": ("Net units per transaction.", "Articles nets par transaction."),
    "store": ("Store", "Magasin"),
    "region": ("Region", "Région"),
    "period_column": ("Period", "Période"),
}
