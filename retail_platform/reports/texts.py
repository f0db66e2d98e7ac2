"""Texts of reports and summaries by key, in English and French; measures and findings have their usual names."""

from retail_platform.language import findings, measures

TEXTS: dict[str, tuple[str, str]] = {
    **measures.TEXTS,
    **findings.TEXTS,
    "day_report": ("Daily report", "Rapport du jour"),
    "period_report": ("Report", "Rapport"),
    "all_stores": ("All stores", "Tous les magasins"),
    "stores_one": ("1 store", "1 magasin"),
    "stores_count": ("{count} stores", "{count} magasins"),
    "amounts_in": ("amounts in {currency}", "montants en {currency}"),
    "versus_previous": ("previous", "précédente"),
    "versus_year": ("last year", "an dernier"),
    "versus_average": ("4-week avg", "moy. 4 sem."),
    "compared": ("Compared with", "Comparaison –"),
    "compared_previous": ("previous: {days}", "précédente : {days}"),
    "compared_year": ("last year: {days}", "an dernier : {days}"),
    "compared_average": (
        "4-week avg: the same weekdays of the 4 weeks before",
        "moy. 4 sem. : mêmes jours des 4 semaines précédentes",
    ),
    "compared_dash": ("–: not known", "– : inconnu"),
    "key_figures": ("Key figures", "Chiffres clés"),
    "measure": ("Measure", "Indicateur"),
    "value": ("Value", "Valeur"),
    "by_day": ("{measure} by day", "{measure} par jour"),
    "by_week": ("{measure} by week", "{measure} par semaine"),
    "by_month": ("{measure} by month", "{measure} par mois"),
    "with_average": ("line: 4-week average", "trait : moyenne sur 4 semaines"),
    "context": ("pale: the days before", "en pâle : les jours précédents"),
    "best_sellers": ("Best sellers", "Meilleures ventes"),
    "product": ("Product", "Produit"),
    "best_stores": ("Best stores", "Meilleurs magasins"),
    "worst_stores": ("Last stores", "Derniers magasins"),
    "ranked_stores": ("Stores", "Magasins"),
    "best_days": ("Best days", "Meilleurs jours"),
    "worst_days": ("Last days", "Derniers jours"),
    "day": ("Day", "Jour"),
    "conversion_rate_narrow": ("Conversion rate", "Taux de transfo."),
    "against_average": ("vs average", "vs moyenne"),
    "currency": ("Currency", "Devise"),
    "by_currency": ("By currency", "Par devise"),
    "trust": ("Can I trust it?", "Puis-je m’y fier ?"),
    "trust_imputed": ("{share} of visitors are estimated.", "{share} des visiteurs sont estimés."),
    "trust_uncounted": (
        "{count} open hours of stores have neither count nor estimate: their visitors are not in the sums.",
        "{count} heures d’ouverture n’ont ni comptage ni estimation : leurs visiteurs manquent dans les sommes.",
    ),
    "trust_counted": ("Every open hour is counted or estimated.", "Chaque heure d’ouverture est comptée ou estimée."),
    "trust_no_visitors": (
        "Visitors are not known on these days: nothing is said per visitor.",
        "Les visiteurs ne sont pas connus ces jours-là : aucun taux par visiteur.",
    ),
    "trust_no_revenue": (
        "Revenue is not known on these days.",
        "Le chiffre d’affaires n’est pas connu ces jours-là.",
    ),
    "trust_whole": ("No day is missing.", "Aucun jour ne manque."),
    "trust_missing_one": ("1 day is missing: {days}.", "Il manque 1 jour : {days}."),
    "trust_missing": ("{count} days are missing: {days}.", "Il manque {count} jours : {days}."),
    "trust_not_final_one": (
        "1 day is not final ({days}): its figures will change.",
        "1 jour n’est pas définitif ({days}) : ses chiffres changeront.",
    ),
    "trust_not_final": (
        "{count} days are not final ({days}): their figures will change.",
        "{count} jours ne sont pas définitifs ({days}) : leurs chiffres changeront.",
    ),
    "trust_cost": ("The cost of {share} of revenue is known.", "Le coût de {share} du chiffre d’affaires est connu."),
    "trust_currencies": (
        "These stores trade in {currencies}: amounts in several currencies are not added.",
        "Ces magasins vendent en {currencies} : des montants de devises différentes ne s’additionnent pas.",
    ),
    "trust_currency_unknown": (
        "The currency of some stores is not known: amounts are not added.",
        "La devise de certains magasins n’est pas connue : les montants ne s’additionnent pas.",
    ),
    "trust_sensors_good": ("No door counter was found at fault.", "Aucun compteur n’a été trouvé en défaut."),
    "trust_sensors_one": ("1 door counter is suspect: {named}.", "1 compteur est suspect : {named}."),
    "trust_sensors": ("{count} door counters are suspect: {named}.", "{count} compteurs sont suspects : {named}."),
    "trust_anomalies_none": ("No day or hour is unusual.", "Aucun jour ni heure n’est inhabituel."),
    "trust_anomalies_one": ("1 unusual day: {named}.", "1 jour inhabituel : {named}."),
    "trust_anomalies": ("{count} unusual days of stores: {named}.", "{count} jours inhabituels : {named}."),
    "trust_hours_one": (
        "No day as a whole is unusual, but 1 hour of a store is.",
        "Aucun jour entier n’est inhabituel, mais 1 heure l’est.",
    ),
    "trust_hours": (
        "No day as a whole is unusual, but {count} hours of stores are.",
        "Aucun jour entier n’est inhabituel, mais {count} heures le sont.",
    ),
    "anomaly": (
        "{store} on {day}, {visitors} visitors where {expected} were to be expected ({cause})",
        "{store} le {day}, {visitors} visiteurs au lieu de {expected} attendus ({cause})",
    ),
    "and_more": ("and {count} more", "et {count} autres"),
    "empty": (
        "There are no rows of these stores on these days: no store was open, or nothing has been made of them yet.",
        "Aucune ligne pour ces magasins et ces jours : aucun n’était ouvert, ou rien n’en a encore été produit.",
    ),
    "made": ("Made from the tables of {days}", "Établi à partir des tables : {days}"),
    "made_compared": ("compared with days from {first} on", "comparés à des jours depuis le {first}"),
    "made_at": ("data of {when}", "données du {when}"),
    "print_hint": ("Print it with your browser: one A4 page.", "À imprimer depuis le navigateur : une page A4."),
}


def text(language: str, key: str, **facts: str) -> str:
    """A text with what it names put in; English where the language is not French.

    Raises:
        KeyError: there is no such text.
    """
    english, french = TEXTS[key]
    found = french if language == "fr" else english
    return found.format_map(facts) if facts else found
