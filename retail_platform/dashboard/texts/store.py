"""Texts of the page of one store."""

TEXTS: dict[str, tuple[str, str]] = {
    "one_store": ("Store", "Magasin"),
    "store_choose": ("Store", "Magasin"),
    "store_place": ("{place} · {period} · {currency}", "{place} · {period} · {currency}"),
    "store_days": ("Over time: {measure}", "Dans le temps : {measure}"),
    "store_days_hint": (
        "Click a point to look at its days alone; the period above does the same.",
        "Cliquez sur un point pour n’afficher que ses jours ; la période ci-dessus fait de même.",
    ),
    "store_hours": ("Hours: {measure} per open hour", "Heures : {measure} par heure d’ouverture"),
    "store_hours_hint": (
        "Mean of each weekday’s open hours on these days.",
        "Moyenne des heures d’ouverture de chaque jour de semaine sur ces jours.",
    ),
    "store_hours_none_title": ("No hours to show", "Aucune heure à afficher"),
    "store_hours_none": (
        "This store has no hour with this measure on these days: choose another measure or other days.",
        "Aucune heure de ce magasin n’a cet indicateur sur ces jours : changez d’indicateur ou de jours.",
    ),
    "store_no_doors": (
        "No door of this store was counted on these days, so it has no visitors by hour. Choose another measure.",
        "Aucune porte de ce magasin n’a été comptée sur ces jours : pas de visiteurs par heure. Choisissez un autre "
        "indicateur.",
    ),
    "store_peaks": ("Peak and power hours", "Heures de pointe et heures fortes"),
    "store_peaks_hint": (
        "By {measure}. Power hours are the fewest hours that hold half of the day.",
        "Selon {measure}. Les heures fortes sont les moins nombreuses à réunir la moitié de la journée.",
    ),
    "store_weekday": ("Weekday", "Jour"),
    "store_peak_hour": ("Peak hour", "Heure de pointe"),
    "store_peak": ("In the peak hour", "À l’heure de pointe"),
    "store_power_hours": ("Power hours", "Heures fortes"),
    "store_power_share": ("Share of the day", "Part de la journée"),
    "store_best": ("Best sellers", "Meilleures ventes"),
    "store_best_hint": (
        "The ten products of most revenue. A product’s name opens its price and margin.",
        "Les dix produits au plus fort chiffre d’affaires. Le nom d’un produit ouvre son prix et sa marge.",
    ),
    "store_opening": ("Opening hours", "Horaires d’ouverture"),
    "store_opening_hint": ("The last days of the period.", "Les derniers jours de la période."),
    "store_closed": ("closed", "fermé"),
    "store_open_unknown": ("open, hours not known", "ouvert, horaires inconnus"),
    "store_hours_unknown": ("not known", "inconnus"),
    "store_day": ("Day", "Jour"),
}
