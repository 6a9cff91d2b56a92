//! Owns the pages that explain the problem types to people, in French.
//! Must not know HTTP: it makes text.

use super::{Kind, Reason};

/// The page of one type.
pub fn page(kind: Kind) -> String {
    let (title, status) = (kind.title(), kind.status());
    let (slug, meaning, remedy) = (kind.slug(), kind.meaning(), kind.remedy());
    document(
        title,
        &format!(
            "<h1>{title}</h1><p><code>{status}</code> <code>/problems/{slug}</code></p>\
             <h2>Ce que cela veut dire</h2><p>{meaning}</p><h2>Que faire</h2><p>{remedy}</p>\
             <p><a href=\"/problems\">Tous les types de problèmes</a> · <a href=\"/docs/\">Documentation</a></p>"
        ),
    )
}

/// The page that lists all types.
pub fn index_page() -> String {
    let rows: String = Kind::ALL
        .iter()
        .map(|kind| {
            format!(
                "<tr><td><code>{}</code></td><td><a href=\"{}\">{}</a></td><td>{}</td></tr>",
                kind.status(),
                kind.uri(),
                kind.title(),
                kind.meaning()
            )
        })
        .collect();
    let reason = |reason: &Reason| format!("<tr><td><code>{}</code></td><td>{}</td></tr>", reason.slug(), reason.meaning());
    let reasons: String = Reason::ALL.iter().map(reason).collect();
    document(
        "Types de problèmes",
        &format!(
            "<h1>Types de problèmes</h1><p>Les erreurs sont des documents <code>application/problem+json</code> \
             (RFC 9457) ; leur champ <code>type</code> finit par l’une de ces adresses : \
             comparez le dernier segment. La liste peut s’allonger.</p>\
             <table><thead><tr><th>Statut</th><th>Type</th><th>Sens</th></tr></thead><tbody>{rows}</tbody></table>\
             <h2 id=\"reasons\">Raisons</h2><p>Le champ <code>reason</code> de chaque erreur de <code>errors</code> est l’un de ces mots. \
             La liste peut s’allonger.</p>\
             <table><thead><tr><th>Raison</th><th>Sens</th></tr></thead><tbody>{reasons}</tbody></table>"
        ),
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Repères</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}\
         td,th{{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}}</style></head>\
         <body>{body}</body></html>"
    )
}
