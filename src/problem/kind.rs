//! Owns the table of problem types: slug, status, title, English description, and French explanation for the page.
//! Must not know what raises them.

/// Generates the enumeration and its table from one list, so that neither misses an entry.
macro_rules! kinds {
    ($($variant:ident, $slug:literal, $status:literal, $title:literal, $description:literal, $meaning:literal, $remedy:literal;)+) => {
        /// A type of problem. A client may switch on the last segment of `type`; the list may grow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $(#[doc = $title] $variant),+ }

        impl Kind {
            /// Every type, in the order of their status.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The last segment of the type's address.
            pub fn slug(self) -> &'static str { match self { $(Kind::$variant => $slug),+ } }

            /// The address that identifies the type and explains it, relative to the server.
            pub fn uri(self) -> &'static str {
                match self { $(Kind::$variant => concat!("/problems/", $slug)),+ }
            }

            /// The HTTP status code that goes with it.
            pub fn status(self) -> u16 { match self { $(Kind::$variant => $status),+ } }

            /// The title, in English, the same for every problem of the type.
            pub fn title(self) -> &'static str { match self { $(Kind::$variant => $title),+ } }

            /// Its name in the OpenAPI document.
            pub fn name(self) -> &'static str { match self { $(Kind::$variant => stringify!($variant)),+ } }

            /// When a response has it, in English, for the OpenAPI document.
            pub fn description(self) -> &'static str { match self { $(Kind::$variant => $description),+ } }

            /// What it means, in French, for the type's page.
            pub fn meaning(self) -> &'static str { match self { $(Kind::$variant => $meaning),+ } }

            /// What the client can do about it, in French, for the type's page.
            pub fn remedy(self) -> &'static str { match self { $(Kind::$variant => $remedy),+ } }
        }
    };
}

kinds! {
    MalformedRequest, "malformed-request", 400, "Malformed request",
        "The address or the head of the request cannot be parsed.",
        "L’adresse ne peut pas être lue : un « % » mal formé, un octet qui n’est pas de l’UTF-8, un caractère nul, ou une tête de requête qui n’est pas du HTTP.",
        "Encodez l’adresse en UTF-8 puis en pourcent (RFC 3986).";
    InvalidParameters, "invalid-parameters", 400, "Invalid parameters",
        "One or more parameters are invalid; `errors` lists them all.",
        "Un ou plusieurs paramètres sont inconnus ou n’ont pas une valeur admise. Le service ne devine jamais : il refuse la requête entière.",
        "Le champ « errors » nomme chaque paramètre en faute, ce qui est admis et ce qui s’en approche le plus.";
    Unauthenticated, "unauthenticated", 401, "Unauthenticated",
        "The request has no valid key; `WWW-Authenticate` names the scheme.",
        "L’adresse demande une clé : l’en-tête « Authorization » manque, n’a pas la forme « Bearer reperes_… », ou porte une clé inconnue, expirée ou révoquée.",
        "Demandez une clé à l’exploitant. Les lectures n’en demandent pas.";
    Forbidden, "forbidden", 403, "Forbidden",
        "The key lacks a scope for what the files change; `detail` names it.",
        "La clé est valable, mais n’admet pas ce que les fichiers changent.",
        "« detail » nomme la portée qui manque. Demandez à l’exploitant une clé qui la porte.";
    UnknownResource, "unknown-resource", 404, "Unknown resource",
        "Nothing is at this address; `closest` lists similar addresses.",
        "Rien ne se trouve à cette adresse.",
        "« /v1 » énumère ce qui existe ; « closest » propose les adresses voisines.";
    UnknownCode, "unknown-code", 404, "Unknown code",
        "No row has this code; `closest` lists similar codes.",
        "La collection existe, mais aucune ligne n’y porte ce code dans la publication demandée.",
        "« closest » propose les codes voisins. Les codes des territoires portent leur type : DEP-59, COM-59350.";
    RequestTimeout, "request-timeout", 408, "Request timeout",
        "The request did not arrive in time.",
        "La requête n’est pas arrivée en entier dans le temps imparti.",
        "Recommencez.";
    MethodNotAllowed, "method-not-allowed", 405, "Method not allowed",
        "The address does not accept this method; `Allow` lists those that it accepts.",
        "L’adresse existe, mais n’admet pas cette méthode.",
        "L’en-tête « Allow » énumère les méthodes admises.";
    NotAcceptable, "not-acceptable", 406, "Not acceptable",
        "The header `Accept` matches none of the representations.",
        "L’en-tête « Accept » n’admet aucune des représentations de cette adresse.",
        "« detail » énumère celles qui existent ; « format= » en choisit une et l’emporte sur l’en-tête.";
    IdempotencyConflict, "idempotency-conflict", 409, "Idempotency conflict",
        "The idempotency key was used for another publication, or for one that is still running.",
        "L’en-tête « Idempotency-Key » a déjà servi à une autre publication, ou à celle-ci, qui est encore en cours.",
        "Choisissez une autre valeur pour une autre publication ; suivez celle qui est en cours à « /v1/publications/{id} ».";
    Gone, "gone", 410, "Gone",
        "The row was published and withdrawn: `withdrawal` says when and why, `closest` names the row that replaces it. Or this part of the contract has ended: `closest` names what to use instead.",
        "Cette ligne a été publiée, puis retirée : « withdrawal » dit par quelle publication, quand et pourquoi, et ce qui la remplace. Ou bien cette adresse a pris fin, comme elle l’avait annoncé 24 mois au moins d’avance.",
        "« closest » donne le code ou l’adresse qui la remplace ; « release= » ou « as_of= » d’avant le retrait donnent la ligne comme elle était, et « /history » toutes ses versions.";
    PayloadTooLarge, "payload-too-large", 413, "Payload too large",
        "The body of the request is too large.",
        "Le corps de la requête dépasse ce que le service accepte. Les lectures n’ont pas de corps.",
        "Lisez sans corps ; publiez en plusieurs fois, ou à la ligne de commande.";
    UriTooLong, "uri-too-long", 414, "URI too long",
        "The address is too long.",
        "L’adresse dépasse la longueur admise.",
        "Demandez moins de valeurs à la fois.";
    UnsupportedEncoding, "unsupported-encoding", 415, "Unsupported content encoding",
        "The body of the request is compressed.",
        "Le corps de la requête est compressé, ce que le service n’admet pas.",
        "Envoyez la requête sans « Content-Encoding ».";
    UnsupportedMediaType, "unsupported-media-type", 415, "Unsupported media type",
        "The body is not `multipart/form-data`.",
        "Le corps d’une publication est du « multipart/form-data », et rien d’autre.",
        "Envoyez les fichiers et le manifeste comme les parties d’un formulaire.";
    RangeNotSatisfiable, "range-not-satisfiable", 416, "Range not satisfiable",
        "The range begins beyond the end of the file.",
        "Les octets demandés commencent après la fin du fichier.",
        "Demandez moins, ou le fichier entier ; « Repr-Digest » en donne l’empreinte.";
    NotAdditive, "not-additive", 422, "Not additive",
        "The aggregate would have no meaning; `errors` says why, and which request has one.",
        "L’agrégat demandé n’aurait pas de sens : une somme de pourcentages, de stocks pris à plusieurs dates, de montants à des stades différents, ou d’un même argent compté deux fois.",
        "« errors » dit pourquoi, et ce qui serait juste : regrouper ou filtrer autrement.";
    RefusedFiles, "refused-files", 422, "Refused files",
        "The files have faults: `errors` lists the first, by file, line and column; `error_count` is their number.",
        "Les fichiers envoyés ont des fautes. Rien n’a été publié : une publication se fait entière ou pas du tout.",
        "« errors » énumère les premières fautes, par fichier, ligne et colonne ; « error_count » en donne le nombre. « dry_run=true » vérifie sans publier.";
    TooManyRequests, "too-many-requests", 429, "Too many requests",
        "The client or the key exceeds its rate limit; try again after `Retry-After` seconds.",
        "Trop de requêtes sont venues de cette adresse, trop d’exports en même temps, ou trop de publications de cette clé. Les en-têtes « RateLimit-Policy » et « RateLimit » disent ce qui est admis et ce qui en reste.",
        "Recommencez après le délai de l’en-tête « Retry-After ». Une réponse 304 ne compte pas : gardez l’« ETag » et renvoyez-le dans « If-None-Match » ; pour tout avoir, prenez les fichiers de « /v1/files ».";
    HeadTooLarge, "head-too-large", 431, "Request head too large",
        "The head of the request is too large.",
        "Les en-têtes de la requête dépassent ce que le service accepte.",
        "Envoyez moins d’en-têtes, ou de plus courts.";
    InternalError, "internal-error", 500, "Internal error",
        "The server failed; its log has the cause.",
        "Le service a échoué. La cause est dans son journal, sous l’identifiant de la requête.",
        "Signalez l’identifiant de la requête à l’exploitant.";
    Unavailable, "unavailable", 503, "Service unavailable",
        "The database does not answer, or nothing is published yet; try again after `Retry-After` seconds.",
        "La base de données ne répond pas en ce moment, ou rien n’a encore été publié.",
        "Recommencez après le délai de l’en-tête « Retry-After ».";
    Overloaded, "overloaded", 503, "Service overloaded",
        "The service is at its limit of requests; try again after `Retry-After` seconds.",
        "Le service répond déjà à autant de requêtes, ou tient autant de connexions, qu’il en admet à la fois. Celle-ci a été refusée aussitôt, sans avoir été traitée.",
        "Recommencez après le délai de l’en-tête « Retry-After », qui est court, et moins souvent.";
}

impl Kind {
    /// The type with this slug.
    pub fn of_slug(slug: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }
}
