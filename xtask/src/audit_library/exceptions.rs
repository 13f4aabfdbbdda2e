//! Words that look like host names and are none.

/// The word, and why it is no endpoint. `--verbose` prints each that a document has.
///
/// Only what no rule of syntax could tell belongs here.
const NO_HOSTS: &[(&str, &str)] = &[
    ("Outlook.com", "the name of a mail service, in a description"),
    ("Veeam.Archiver.Proxy", "the name of a Windows service"),
    ("Veeam.Archiver.Shell", "the name of a program"),
];

/// Why `word` is no host, if it is one of those.
pub fn no_host(word: &str) -> Option<&'static str> {
    NO_HOSTS.iter().find(|(known, _)| *known == word).map(|(_, reason)| *reason)
}
