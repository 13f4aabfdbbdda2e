use super::tree::Shape;
use crate::Detection;

/// How a text is written, by how it begins.
pub fn shape(text: &str) -> Shape {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        return Shape::Xml;
    }
    let first = start.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match first {
        Some(line) if line.contains(" {") && !line.starts_with("set ") => Shape::Braces,
        _ => Shape::Set,
    }
}

/// Words that only a PAN-OS configuration has.
pub fn detect(text: &str) -> Detection {
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let found = match shape(text) {
        Shape::Xml => {
            has("<rules>") && has("<entry name=") && has("<member>") && (has("<security>") || has("<from>"))
                || has("<config") && (has("urldb=") || has("<entry name=\"localhost.localdomain\""))
                || has("<device-group>") && has("-rulebase>")
        }
        Shape::Braces => has("localhost.localdomain {") || has("rulebase {"),
        Shape::Set => SET.iter().any(|word| has(word)) || has_object(text),
    };
    if found { Detection::Sure } else { Detection::No }
}

const SET: &[&str] = &[
    "rulebase security rules ",
    "rulebase nat rules ",
    "set deviceconfig system ",
    "set mgt-config ",
    "set device-group ",
    "set template-stack ",
    "set network interface ethernet ethernet1/",
    "default-security-rules rules ",
];

/// `set address web ip-netmask 192.0.2.1`, wherever the object lives.
fn has_object(text: &str) -> bool {
    const KEYS: &[&str] =
        &[" ip-netmask ", " ip-range ", " ip-wildcard ", " protocol tcp port ", " network layer3 "];
    text.lines().filter(|line| line.starts_with("set ")).take(2_000).any(|line| {
        let objects = [" address ", " service ", " zone "].iter().any(|word| line.contains(word));
        objects && KEYS.iter().any(|key| line.contains(key))
    })
}
