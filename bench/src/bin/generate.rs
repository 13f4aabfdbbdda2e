//! Writes a generated rule set to standard output:
//! `generate --family FAMILY -n COUNT --seed SEED --format iptables|nftables|net|svc|pol|flow`, where `flow` is a policy of
//! `--flows` flows for it.

use std::io::Write;

use bench::{Family, Format};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut family, mut count, mut seed, mut flows) = (Family::Enterprise, 1_000, 1, 100);
    let mut format = "iptables".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{option}` needs a value"))?;
        match option.as_str() {
            "--family" => family = Family::named(&value).ok_or_else(|| format!("no family `{value}`"))?,
            "-n" => count = value.parse()?,
            "--seed" => seed = value.parse()?,
            "--flows" => flows = value.parse()?,
            "--format" => format = value,
            _ => return Err(format!("no option `{option}`").into()),
        }
    }
    let rules = family.rules(count, seed);
    let text = match Format::named(&format) {
        Some(format) => rules.written(format),
        None if format == "flow" => rules.policy(flows),
        None => return Err(format!("no format `{format}`").into()),
    };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}
