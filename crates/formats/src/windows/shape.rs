use diagnostics::TextRange;

use super::model::{Reading, Shape};
use super::{read_csv, read_json, read_netsh, read_netsh_script, read_powershell, read_registry};
use crate::json::Json;
use crate::{Detection, ImportError};

/// How far landmarks are looked for.
const HEAD: usize = 200_000;

pub fn detect(text: &str) -> Detection {
    match shape(text) {
        Some(_) => Detection::Sure,
        None if is_policy_report(text) => Detection::Sure,
        None => Detection::No,
    }
}

/// In which shape a text comes, by what only that shape has.
fn shape(text: &str) -> Option<Shape> {
    let head = &text[..text.floor_char_boundary(HEAD.min(text.len()))];
    let start = head.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with(['{', '[']) {
        let has = |key: &str| start.contains(key);
        let key = |name: &str| has(&format!("\"{name}\""));
        // A list of what the cmdlets give, whichever exporter joined them.
        let cmdlets = key("Direction")
            && key("Action")
            && (key("EdgeTraversalPolicy") || key("PolicyStoreSourceType") || key("LooseSourceMapping"))
            && (key("DisplayName") || key("InstanceID"));
        let joined = key("Direction") && key("LocalPort") && key("RemoteAddress") && key("DisplayName");
        let is_ours = has(read_json::SCHEMA);
        if is_ours || cmdlets || joined {
            return Some(Shape::Json);
        }
    }
    if let Some(header) = read_csv::header(head) {
        use super::property::Property as P;
        let landmarks = [
            P::DisplayName,
            P::EdgeTraversalPolicy,
            P::PolicyStoreSourceType,
            P::RemoteAddress,
            P::Profile,
            P::Program,
        ];
        if landmarks.into_iter().filter(|property| header.has(*property)).count() >= 2 {
            return Some(Shape::Csv);
        }
    }
    for line in head.lines().take(5_000) {
        if read_registry::has_rule(line) && (line.contains("|Dir=") || line.contains("|Action=")) {
            return Some(Shape::Registry);
        }
        if read_netsh_script::is_add(line) {
            return Some(Shape::NetshScript);
        }
        if read_powershell::is_command(line) {
            return Some(Shape::PowerShell);
        }
        if read_netsh::is_rule_start(line) && is_ruled(head, line) {
            return Some(Shape::NetshText);
        }
    }
    None
}

/// Whether a line of dashes follows, as `netsh` draws one below a rule's name.
fn is_ruled(head: &str, line: &str) -> bool {
    let offset = (line.as_ptr() as usize).saturating_sub(head.as_ptr() as usize) + line.len();
    let next = head.get(offset..).unwrap_or_default().trim_start().lines().next().unwrap_or_default();
    next.len() >= 20 && next.trim_end().bytes().all(|byte| byte == b'-')
}

/// `gpreport.xml` of a backup of group policies, or `Get-GPOReport`.
fn is_policy_report(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(HEAD.min(text.len()))];
    head.trim_start_matches('\u{feff}').trim_start().starts_with('<')
        && head.contains("http://www.microsoft.com/GroupPolicy/Settings")
}

/// Reads a text in whichever shape it has, and gives what it says to `then`.
pub fn with_reading<R>(text: &str, then: impl FnOnce(Reading<'_>) -> R) -> Result<R, ImportError> {
    let start = TextRange::new(0, 0);
    match shape(text) {
        Some(Shape::Json) => {
            let json = Json::parse(text).map_err(|error| {
                let help = if error.place.is_empty() && error.place.start > 0 {
                    "the file ends in the middle: export it again"
                } else {
                    "export it again with `collect.ps1`"
                };
                ImportError::new(error.place, format!("this is not valid JSON: {}", error.message), help)
            })?;
            Ok(then(read_json::read(json.root())?))
        }
        Some(Shape::Csv) => Ok(then(read_csv::read(text)?)),
        Some(Shape::NetshText) => Ok(then(read_netsh::read(text)?)),
        Some(Shape::NetshScript) => Ok(then(read_netsh_script::read(text)?)),
        Some(Shape::Registry) => Ok(then(read_registry::read(text)?)),
        Some(Shape::PowerShell) => Ok(then(read_powershell::read(text)?)),
        None if is_policy_report(text) => Err(ImportError::new(
            start,
            "this is a report of a group policy, not a list of rules",
            "run `collect.ps1 -PolicyStore 'DOMAIN\\POLICY'`, or on a computer that has the policy `collect.ps1`",
        )),
        None => Err(ImportError::new(
            start,
            "no list of Windows firewall rules in it",
            "export the rules with `collect.ps1`, which stands beside this format's README",
        )),
    }
}
