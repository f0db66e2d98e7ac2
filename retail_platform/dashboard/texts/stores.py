"""Texts of the page of all stores, and of long tables."""

TEXTS: dict[str, tuple[str, str]] = {
    "stores": ("Stores", "Magasins"),
    "stores_measure": ("Measure", "Indicateur"),
    "stores_ranking": ("Ranking: {measure}", "Classement : {measure}"),
    "stores_ranking_hint": (
        "A heading ranks by it, once more turns the order round. A store’s name opens it.",
        "Un en-tête classe la table, un second clic inverse l’ordre. Le nom d’un magasin l’ouvre.",
    ),
    "stores_change": ("{measure}: change", "{measure} : évolution"),
    "stores_comparable_growth": ("Comparable revenue", "CA comparable"),
    "stores_map": ("Where: {measure}", "Où : {measure}"),
    "stores_map_hint": (
        "By longitude and latitude. Click a store to see it alone; the table has a link to each.",
        "Par longitude et latitude. Cliquez sur un magasin pour l’afficher seul ; la table les donne tous en lien.",
    ),
    "stores_map_none_title": ("No map", "Pas de carte"),
    "stores_map_none": (
        "None of these stores has both coordinates and this measure: add latitude and longitude to the stores, or "
        "choose another measure.",
        "Aucun de ces magasins n’a à la fois des coordonnées et cet indicateur : ajoutez latitude et longitude aux "
        "magasins, ou choisissez un autre indicateur.",
    ),
    "stores_map_some": (
        "Without coordinates or this measure, and not drawn: {count}.",
        "Sans coordonnées ou sans cet indicateur, non dessinés : {count}.",
    ),
    "stores_compare": ("Compared over time: {measure}", "Comparés dans le temps : {measure}"),
    "stores_compare_first": (
        "The first {count} of the ranking. Choose up to 8 stores above to compare others.",
        "Les {count} premiers du classement. Choisissez jusqu’à 8 magasins ci-dessus pour en comparer d’autres.",
    ),
    "stores_compare_chosen": (
        "The stores chosen above. A gap is a day without the measure.",
        "Les magasins choisis ci-dessus. Une interruption est un jour sans l’indicateur.",
    ),
    "stores_spread": ("Spread over stores: {measure}", "Dispersion entre magasins : {measure}"),
    "stores_spread_hint": (
        "Each dot is a store; the box holds the middle half. Click a dot to see the store alone.",
        "Chaque point est un magasin ; la boîte contient la moitié centrale. Cliquez sur un point pour l’isoler.",
    ),
    "stores_spread_none_title": ("Nothing to spread", "Rien à comparer"),
    "stores_spread_none": (
        "None of these stores knows this measure on these days: choose another measure.",
        "Aucun de ces magasins ne connaît cet indicateur sur ces jours : choisissez-en un autre.",
    ),
    "stores_comparable": ("Comparable stores against last year", "Magasins comparables face à l’an dernier"),
    "stores_comparable_about": (
        "{stores} of {all} stores on {days} store days: open then and on the same weekday 364 days earlier.",
        "{stores} magasins sur {all}, {days} jours de magasin : ouverts ce jour et le même jour 364 jours plus tôt.",
    ),
    "stores_comparable_none_title": ("No comparable store", "Aucun magasin comparable"),
    "stores_comparable_none": (
        "No store was open on the same weekday 364 days earlier: the data begins on {first}. Growth appears from "
        "{from} on.",
        "Aucun magasin n’était ouvert le même jour 364 jours plus tôt : les données commencent le {first}. La "
        "croissance apparaît à partir du {from}.",
    ),
    "stores_comparable_closed": (
        "None of these stores was open both then and 364 days earlier: choose other days or stores.",
        "Aucun de ces magasins n’était ouvert aux deux dates : choisissez d’autres jours ou magasins.",
    ),
    "stores_now": ("These days", "Ces jours"),
    "stores_year_ago": ("364 days earlier", "364 jours plus tôt"),
    "stores_growth": ("Growth", "Croissance"),
    "measure_column": ("Measure", "Indicateur"),
    "rank_by": ("Rank by this", "Classer par cet indicateur"),
    "portion_of": (
        "{first}–{last} of {count}; downloads have all",
        "{first}–{last} sur {count} ; les téléchargements ont tout",
    ),
    "portion_before": ("Previous", "Précédents"),
    "portion_after": ("Next", "Suivants"),
    "portions": ("Portions of the table", "Parties de la table"),
}
