use diagnostics::printable;
use ipnet::IpNet;

use super::keys::Style;
use super::model::{Entry, Permission, Target, TargetKind};
use super::network_acl::allows;
use super::traffic::Traffic;
use super::values::{Family, text};
use super::write::{self, Far, Spec, Wanted};
use crate::Direction;
use crate::json_out::{Layout, Out};

/// What makes a change on the running account, and what takes it back.
pub type Step = (String, String);

/// The commands of the `aws` program for the rules of one direction of a security group.
pub struct GroupCommands {
    id: String,
    way: &'static str,
}

impl GroupCommands {
    pub fn new(id: Option<&str>, direction: Direction) -> Self {
        let id = id.map_or("<group-id>".to_owned(), quoted);
        GroupCommands { id, way: if direction == Direction::Inbound { "ingress" } else { "egress" } }
    }

    /// Adds rules.
    pub fn authorize(&self, permissions: &[Out]) -> String {
        self.permissions("authorize", permissions)
    }

    /// Takes rules away by what they are.
    pub fn revoke(&self, permissions: &[Out]) -> String {
        self.permissions("revoke", permissions)
    }

    /// Takes rules away by their ids.
    pub fn revoke_by_id(&self, ids: &[String]) -> String {
        let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
        format!("{} --security-group-rule-ids {}", self.start("revoke"), ids.join(" "))
    }

    fn permissions(&self, verb: &str, permissions: &[Out]) -> String {
        let one_line = Layout { newline: None, unit: String::new() };
        let json = Out::List(permissions.to_vec()).render(&one_line, "");
        format!("{} --ip-permissions {}", self.start(verb), quoted(&json))
    }

    fn start(&self, verb: &str) -> String {
        format!("aws ec2 {verb}-security-group-{} --group-id {}", self.way, self.id)
    }
}

/// Rules to be written, as permissions.
pub fn permissions(wanted: &[Wanted]) -> Vec<Out> {
    write::by_traffic(wanted.iter().cloned())
        .iter()
        .map(|(traffic, targets)| write::permission(*traffic, targets, Style::Pascal, false))
        .collect()
}

/// A rule of the file as a permission; `None` where it cannot be read.
pub fn as_it_is(permission: &Permission<'_>, target: &Target<'_>) -> Option<Out> {
    let traffic = permission.traffic.as_ref().ok().copied()?;
    let mut members = vec![("IpProtocol".to_owned(), Out::Text(traffic.permission_protocol()))];
    if let Some((from, to)) = traffic.port_fields() {
        members.push(("FromPort".to_owned(), Out::Number(from)));
        members.push(("ToPort".to_owned(), Out::Number(to)));
    }
    let (list, key) = target.kind.keys();
    let mut item = Vec::new();
    item.extend(text(target.what).map(|what| (key.to_owned(), Out::Text(what))));
    if target.kind == TargetKind::Group {
        let name = text(target.group_name).filter(|_| item.is_empty());
        item.extend(name.map(|name| ("GroupName".to_owned(), Out::Text(name))));
        item.extend(text(target.account).map(|account| ("UserId".to_owned(), Out::Text(account))));
    }
    if item.is_empty() {
        return None;
    }
    item.extend(text(target.description).map(|text| ("Description".to_owned(), Out::Text(text))));
    members.push((list.to_owned(), Out::List(vec![Out::Object(item)])));
    Some(Out::Object(members))
}

/// The commands of the `aws` program for one direction of a network ACL.
pub struct AclCommands {
    target: String,
}

impl AclCommands {
    pub fn new(id: Option<&str>, direction: Direction) -> Self {
        let id = id.map_or("<network-acl-id>".to_owned(), quoted);
        let way = if direction == Direction::Inbound { "--ingress" } else { "--egress" };
        AclCommands { target: format!("--network-acl-id {id} {way}") }
    }

    pub fn create(&self, spec: &Spec, permit: bool, number: i64) -> String {
        self.with("create", number, &properties(spec, permit))
    }

    pub fn replace(&self, spec: &Spec, permit: bool, number: i64) -> String {
        self.with("replace", number, &properties(spec, permit))
    }

    /// Makes an entry of the file, as it is, at this number.
    pub fn create_again(&self, entry: &Entry<'_>, number: i64) -> String {
        self.with("create", number, &as_it_was(entry))
    }

    pub fn replace_back(&self, entry: &Entry<'_>, number: i64) -> String {
        self.with("replace", number, &as_it_was(entry))
    }

    pub fn delete(&self, number: i64) -> String {
        self.with("delete", number, "")
    }

    fn with(&self, verb: &str, number: i64, properties: &str) -> String {
        format!("aws ec2 {verb}-network-acl-entry {} --rule-number {number}{properties}", self.target)
    }
}

fn properties(spec: &Spec, permit: bool) -> String {
    let option = match &spec.far {
        Far::Net(IpNet::V6(_)) => "--ipv6-cidr-block",
        _ => "--cidr-block",
    };
    let action = if permit { "allow" } else { "deny" };
    format!("{} {option} {} --rule-action {action}", traffic(spec.traffic), spec.far.text())
}

fn traffic(traffic: Traffic) -> String {
    let mut out = format!(" --protocol {}", traffic.entry_protocol());
    match (traffic, traffic.port_fields()) {
        (Traffic::Icmp(..), Some((kind, code))) => {
            out.push_str(&format!(" --icmp-type-code Code={code},Type={kind}"));
        }
        (_, Some((from, to))) => out.push_str(&format!(" --port-range From={from},To={to}")),
        (_, None) => {}
    }
    out
}

fn as_it_was(entry: &Entry<'_>) -> String {
    let family = if entry.v6.is_some() { Family::V6 } else { Family::V4 };
    let mut out = match Traffic::of_entry(entry.protocol, entry.port_range, entry.type_code, family) {
        Ok(known) => traffic(known),
        Err(_) => format!(" --protocol {}", quoted(&text(entry.protocol).unwrap_or_default())),
    };
    for (option, value) in [("--cidr-block", entry.v4), ("--ipv6-cidr-block", entry.v6)] {
        if let Some(value) = text(value) {
            out.push_str(&format!(" {option} {}", quoted(&value)));
        }
    }
    let action = match allows(entry) {
        Some(true) => "allow".to_owned(),
        Some(false) => "deny".to_owned(),
        None => quoted(&text(entry.action).unwrap_or_default()),
    };
    out.push_str(&format!(" --rule-action {action}"));
    out
}

/// An argument as a POSIX shell takes it. Names come from files that strangers wrote: nothing in one is obeyed.
fn quoted(text: &str) -> String {
    let text = printable(text);
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b':' | b',' | b'=')
    };
    if !text.is_empty() && text.bytes().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
