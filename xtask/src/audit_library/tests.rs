use super::{Library, audit, compare};
use crate::audit_library::clean::clean;
use crate::audit_library::document::Document;
use crate::audit_library::endpoints::{cell_ports, endpoints, prose_ports};
use compiler::{LibraryDestination, LibraryRecord, LibraryService};

fn hosts(text: &str) -> Vec<String> {
    endpoints(&clean(text).unwrap().text, &mut Vec::new()).hosts.into_iter().collect()
}

fn spelled(ports: Vec<(Option<String>, String)>) -> Vec<String> {
    ports
        .into_iter()
        .map(|(protocol, port)| format!("{}/{port}", protocol.as_deref().unwrap_or("?")))
        .collect()
}

#[test]
fn hosts_are_found_however_they_are_written() {
    assert_eq!(hosts("- \\*.do.example.com - the service"), ["*.do.example.com"]);
    assert_eq!(
        hosts("`a.example.com`<BR>`*.B.example.com`<br> c.example.com<BR>"),
        ["*.b.example.com", "a.example.com", "c.example.com"]
    );
    assert_eq!(hosts("example: *one.example.net, two.example.net*"), ["one.example.net", "two.example.net"]);
    assert_eq!(
        hosts("<tenant>-my.example.cn and <mytenant>example.cn."),
        ["<mytenant>example.cn", "<tenant>-my.example.cn"]
    );
    assert_eq!(hosts("- 'https://a1.eus.example.net/path'"), ["a1.eus.example.net"]);
    assert_eq!(
        hosts("**Requirements** see a.example.com: it is *.b.example.com!"),
        ["*.b.example.com", "a.example.com"]
    );
}

#[test]
fn what_is_no_endpoint_is_not_taken_for_one() {
    let none: [String; 0] = [];
    assert_eq!(
        hosts("see [the article](https://docs.example.com/a.html), version 8.3.0.2201, e.g. TCP/IP"),
        none
    );
    assert_eq!(hosts("```PowerShell\ninvoke https://endpoints.example.com/x\n```\n"), none);
    assert_eq!(hosts("<!-- a.example.com\n| b.example.com | -->"), none);
    assert_eq!(hosts("(example.net domains will be disabled)"), none);
}

#[test]
fn a_comment_without_an_end_is_an_error() {
    assert!(clean("a <!-- b").is_err_and(|wrong| wrong.contains("comment has no end")));
    assert!(clean("```\nb").is_err_and(|wrong| wrong.contains("code block has no end")));
}

#[test]
fn addresses_keep_their_prefix() {
    let found = endpoints("`192.0.2.0/27, 192.0.2.64/28,198.51.100.7` 2001:db8::/32", &mut Vec::new());
    let found: Vec<String> = found.addresses.into_iter().collect();
    assert_eq!(found, ["192.0.2.0/27", "192.0.2.64/28", "198.51.100.7", "2001:db8::/32"]);
}

#[test]
fn ports_of_cells_take_the_protocol_before_them() {
    assert_eq!(spelled(cell_ports("**TCP:** 80, 443, 5223", None)), ["tcp/80", "tcp/443", "tcp/5223"]);
    assert_eq!(spelled(cell_ports("**TCP:** 80 **UDP:** 123", None)), ["tcp/80", "udp/123"]);
    assert_eq!(spelled(cell_ports("5985 (5986 — used by default)", Some("tcp"))), ["tcp/5985", "tcp/5986"]);
    assert_eq!(spelled(cell_ports("25 or 465 or 587", Some("tcp"))), ["tcp/25", "tcp/465", "tcp/587"]);
    assert_eq!(spelled(cell_ports("80", None)), ["?/80"]);
}

#[test]
fn ports_of_prose_are_told_from_other_numbers() {
    assert_eq!(spelled(prose_ports("it uses HTTP or HTTPS over port 80/443.")), ["tcp/80", "tcp/443"]);
    assert_eq!(
        spelled(prose_ports("uses 7680 for TCP/IP and Teredo on port 3544 for")),
        ["tcp/7680", "?/3544"]
    );
    assert_eq!(spelled(prose_ports("on tcp port 443 through")), ["tcp/443"]);
    assert_eq!(spelled(prose_ports("blocking outbound HTTPS/443 traffic")), ["tcp/443"]);
    assert_eq!(spelled(prose_ports("the dynamic (1024 - 65535) local port")), ["?/1024-65535"]);
    assert_eq!(spelled(prose_ports("to remote 80 TCP port")), ["tcp/80"]);
    assert_eq!(
        spelled(prose_ports("Windows 10 version 21H2, up to 8 hours, 3/31/2025, 360 - 365")),
        Vec::<String>::new()
    );
}

const FLATTENED: &str = "---
title: \"Ports\"
source_url: \"https://docs.example.com/ports\"
---

| From | To | Protocol | Port | Description |
| --- | --- | --- | --- | --- |
| Server | Mail | TCP | 25 or 587 | The endpoint is mail.example.com. |
| Proxy server | TCP | 9193 (used by default) | Moves data. |
| SSH | 22 | For Linux. |
| S3\u{a0}storage | TCP | 443 | The endpoints are s3.example.com and <account>.blob.example.com. |
| Other storage |
| Proxy server1 | Server | HTTP (HTTPS) | 5985 (5986) | Back. |
<!-- | Dead | Server | TCP | 1 | dead.example.com | -->

1To manage outbound traffic, open TCP for proxies.
";

#[test]
fn rows_take_what_they_lack_from_above() {
    let document = Document::read(FLATTENED).unwrap();
    let rows: Vec<String> = document.rows.iter().map(|row| document.name_of(row)).collect();
    assert_eq!(
        rows,
        [
            "Server to Mail, TCP 25/587",
            "Server to Proxy server, TCP 9193",
            "Server to Proxy server, SSH 22",
            "Server to S3 storage, TCP 443",
            "Server to Other storage, TCP 443",
            "Proxy server to Server, HTTP (HTTPS) 5985/5986",
        ]
    );
    assert_eq!(document.counts(), "6 rows, 3 hosts, 0 addresses, 7 ports");
}

#[test]
fn ids_that_stand_twice_are_told_apart_by_their_heading() {
    let text = "# One\n\nID |Addresses |Ports |Notes |\n-- |-- |-- |-- |\n7 | a.example.com | **TCP:** 443|\n\n\
                # Two\n\n| ID | Addresses | Ports |\n| --- | --- | --- |\n| 7 | b.example.com | **UDP:** 123 |\n| 8 | c.example.com | **TCP:** 80 |\n";
    let document = Document::read(text).unwrap();
    let rows: Vec<String> = document.rows.iter().map(|row| document.name_of(row)).collect();
    assert_eq!(rows, ["7, One", "7, Two", "8"]);
}

#[test]
fn tabs_have_the_ports_of_the_section_around_them() {
    let text = "## Health\n\nAllow HTTPS/443.\n\n# [North](#tab/north)\n\n- 'https://a.example.net'\n\n---\n\nMore.\n";
    let document = Document::read(text).unwrap();
    let tab = document.sections.iter().find(|section| section.heading == "North").unwrap();
    assert_eq!(spelled(document.ports_of(tab).into_iter().collect()), ["tcp/443"]);
    assert_eq!(document.sections.last().unwrap().heading, "Health");
}

fn record(row: &str, hosts: &[&str], services: &[(&str, &[&str])]) -> LibraryRecord {
    LibraryRecord {
        module: "std.example".to_owned(),
        label: Some("flow".to_owned()),
        document: Some("Ports".to_owned()),
        version: None,
        date: None,
        row: Some(row.to_owned()),
        from: "server".to_owned(),
        to: "them".to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        addresses: Vec::new(),
        alternatives: Vec::<LibraryDestination>::new(),
        services: services
            .iter()
            .map(|(protocol, ports)| LibraryService {
                protocol: (*protocol).to_owned(),
                ports: ports.iter().map(|port| (*port).to_owned()).collect(),
                source_ports: None,
            })
            .collect(),
        any_of: false,
        optional: false,
        condition: None,
        when: serde_json::Map::new(),
        category: None,
        constraints: Vec::new(),
        default_of: None,
        purpose: None,
        note: None,
        deprecated: None,
        incomplete: Vec::new(),
        storage_names: Vec::new(),
        express_route: None,
    }
}

fn whole() -> Vec<LibraryRecord> {
    vec![
        record("Server to Mail, TCP 25/587", &["mail.example.com"], &[("tcp", &["25"]), ("tcp", &["587"])]),
        record("Server to Proxy server, TCP 9193", &[], &[("tcp", &["9193"])]),
        record("Server to Proxy server, SSH 22", &[], &[("tcp", &["22"])]),
        record("Server to S3 storage, TCP 443", &["s3.example.com"], &[("tcp", &["443"])]),
        record("Server to Other storage, TCP 443", &["<account>.blob.example.com"], &[("tcp", &["443"])]),
        record("Proxy server to Server, HTTP (HTTPS) 5985/5986", &[], &[("tcp", &["5985", "5986"])]),
    ]
}

fn lists(records: &[LibraryRecord]) -> (Vec<String>, Vec<String>) {
    let records: Vec<&LibraryRecord> = records.iter().collect();
    let lists = compare::compare(&Document::read(FLATTENED).unwrap(), &records);
    (lists.lacking, lists.invented)
}

#[test]
fn what_agrees_leaves_both_lists_empty() {
    assert_eq!(lists(&whole()), (vec![], vec![]));
}

#[test]
fn each_thing_that_is_lacking_is_listed() {
    let mut records = whole();
    records.remove(2);
    assert_eq!(lists(&records).0, ["the port tcp/22", "the row \"Server to Proxy server, SSH 22\""]);

    let mut records = whole();
    records[0].services.pop();
    assert_eq!(
        lists(&records).0,
        [
            "the port tcp/587",
            "mail.example.com with tcp/587 (row Server to Mail, TCP 25/587)",
            "the port tcp/587 of the row \"Server to Mail, TCP 25/587\"",
        ]
    );

    let mut records = whole();
    records[3].hosts.clear();
    assert_eq!(
        lists(&records).0,
        ["the host s3.example.com", "the host s3.example.com of the row \"Server to S3 storage, TCP 443\""]
    );

    // Elsewhere it is there, but not where the row asks for it.
    let mut records = whole();
    records[0].hosts.clear();
    records[0].row = Some("Server to Mail, TCP 25/587; footnote 1".to_owned());
    records.push(record("footnote 1", &["mail.example.com"], &[("tcp", &["25", "587"])]));
    assert_eq!(lists(&records).0, ["the host mail.example.com of the row \"Server to Mail, TCP 25/587\""]);
}

#[test]
fn each_thing_that_is_invented_is_listed() {
    let mut records = whole();
    records[1].services[0].ports.push("9194".to_owned());
    assert_eq!(
        lists(&records).1,
        ["the port tcp/9194", "the port tcp/9194 of the row \"Server to Proxy server, TCP 9193\""]
    );

    let mut records = whole();
    records[2].hosts.push("mail.example.com".to_owned());
    assert_eq!(lists(&records).1, ["mail.example.com with tcp/22"]);

    let mut records = whole();
    records[2].hosts.push("dead.example.com".to_owned());
    assert_eq!(lists(&records).1, ["the host dead.example.com"]);

    let mut records = whole();
    records[4].row = Some("Server to Nothing, TCP 443".to_owned());
    assert_eq!(lists(&records).1, ["the row \"Server to Nothing, TCP 443\" of `flow`"]);

    let mut records = whole();
    records[0].services[1].protocol = "udp".to_owned();
    assert!(lists(&records).1.contains(&"the port udp/587".to_owned()));
}

#[test]
fn prose_may_be_named_as_a_row() {
    let mut records = whole();
    records.push(record("footnote 1, Proxy server", &[], &[]));
    records.push(record("footnote 1", &[], &[]));
    assert_eq!(lists(&records), (vec![], vec![]));
    records.push(record("footnote 2", &[], &[]));
    assert_eq!(lists(&records).1, ["the row \"footnote 2\" of `flow`"]);
}

#[test]
fn a_document_is_told_by_its_title_or_its_address() {
    let library = Library::standard();
    let mut text = String::new();
    let unknown = audit("a.md", "---\ntitle: Nothing\n---\n", &library, false, &mut text);
    assert!(unknown.is_err_and(|wrong| wrong.contains("`vbo_used_ports`")));
    let by_address = "---\ntitle: x\nsource_url: \"https://helpcenter.veeam.com/docs/vbo365/guide/vbo_used_ports.html\"\n---\n";
    assert_eq!(audit("a.md", by_address, &library, false, &mut text), Ok(false));
    assert!(text.starts_with("x (std.veeam.vb365): 0 rows"), "{text}");
}
