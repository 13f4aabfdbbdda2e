//! The program `nft`.

use super::namespace::{Namespace, run};

/// Whether it works in the namespace. An error says what is missing.
pub fn works(namespace: &Namespace) -> Result<(), String> {
    namespace.enter(|| {
        run("nft", &["-f", "-"], "table inet trial { chain trial { ct state new counter; }; }\n")?;
        run("nft", &["-j", "list", "ruleset"], "").map(drop)
    })
}

/// Loads the file in place of all that was loaded.
pub fn load(namespace: &Namespace, text: &str) -> Result<(), String> {
    namespace.enter(|| run("nft", &["-f", "-"], &alone(text))).map(drop)
}

/// Whether it takes the file.
pub fn test(namespace: &Namespace, text: &str) -> Result<(), String> {
    namespace.enter(|| run("nft", &["-c", "-f", "-"], &alone(text))).map(drop)
}

/// What is loaded, with the handles of the rules or without them.
pub fn listed(namespace: &Namespace, handles: bool) -> Result<String, String> {
    let arguments: &[&str] = if handles { &["-a", "list", "ruleset"] } else { &["list", "ruleset"] };
    namespace.enter(|| run("nft", arguments, ""))
}

/// The same as JSON.
pub fn listed_as_json(namespace: &Namespace) -> Result<String, String> {
    namespace.enter(|| run("nft", &["-j", "list", "ruleset"], ""))
}

/// What it says of itself: `nftables v1.0.6 (Lester Gooch #5)`.
pub fn version() -> String {
    run("nft", &["-v"], "").unwrap_or_default().trim().to_owned()
}

fn alone(text: &str) -> String {
    format!("flush ruleset\n{text}")
}
