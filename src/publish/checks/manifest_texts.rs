//! Owns the check of the texts of a manifest, which the API shows with its release.
//! Must not know the files of the publication.

use crate::problem::{Fault, Reason};
use crate::publish::errors::{Faults, PublishError};
use crate::publish::input::manifest::{Manifest, NAME};
use crate::query::model::text::{self, TEXT_LENGTH, TITLE_LENGTH};

/// Checks that the texts of a manifest are not blank, have no control characters, and are not too long.
///
/// # Errors
/// Returns [`PublishError::Refused`] with each text that is not so.
pub fn check(manifest: &Manifest) -> Result<(), PublishError> {
    let mut texts = vec![
        ("title", manifest.title.as_str(), TITLE_LENGTH),
        ("description", &manifest.description, TEXT_LENGTH),
        ("publisher", &manifest.publisher, TITLE_LENGTH),
        ("licence", &manifest.licence, TITLE_LENGTH),
    ];
    texts.extend(manifest.notes.as_deref().map(|notes| ("notes", notes, TEXT_LENGTH)));
    texts.extend(manifest.files.iter().map(|file| ("path", file.path.as_str(), TITLE_LENGTH)));
    let reasons = manifest.withdraw.iter().map(|withdrawal| ("reason", withdrawal.reason.as_str(), TEXT_LENGTH));
    // Their own check names a reason that is missing.
    texts.extend(reasons.filter(|(_, reason, _)| !text::is_blank(reason)));
    let mut faults = Faults::default();
    for (name, text, most) in texts {
        if let Err(why) = text::check(text, most) {
            let reason = match text {
                _ if text::is_blank(text) => Reason::Missing,
                _ if text::forbidden_character(text).is_some() => Reason::BadSyntax,
                _ => Reason::TooLong,
            };
            let fault = Fault::of_file(reason, NAME, format!("its `{name}` {why}"));
            faults.push(Fault { column: Some(name.to_owned()), ..fault }.value(text));
        }
    }
    faults.check()
}
