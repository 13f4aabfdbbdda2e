use std::collections::BTreeSet;

use diagnostics::TextRange;
use proptest::prelude::*;
use space::{AddressSet, IntervalSet, Set, SymbolKind};

use super::*;
use crate::ImportError;

const M365: &str = r#"[
  {
    "id": 2, "serviceArea": "Exchange", "serviceAreaDisplayName": "Exchange Online",
    "urls": ["Mail.example.com", "smtp.example.com"],
    "ips": ["192.0.2.0/25", "2001:db8:1::/48", "198.51.100.7"],
    "tcpPorts": "143, 587,  993,995", "category": "Allow", "required": true, "expressRoute": true
  },
  {
    "id": 1, "serviceArea": "Exchange", "serviceAreaDisplayName": "Exchange Online",
    "urls": ["mail.example.com", "*.files.example.com"], "ips": ["203.0.113.0/24"],
    "tcpPorts": "443,80", "udpPorts": "", "category": "Optimize", "required": true, "expressRoute": true
  },
  {
    "id": 10, "serviceArea": "Common", "urls": ["*.example.com", "cdn.files.example.com", "*.both.example.net"],
    "tcpPorts": "443", "category": "Default", "required": false, "expressRoute": false, "notes": "optional"
  },
  {
    "id": 11, "serviceArea": "Skype", "ips": ["192.0.2.128/25"], "udpPorts": "3478,3479,3480,3481",
    "category": "Optimize", "required": true, "expressRoute": true
  },
  {
    "id": 12, "serviceArea": "Common", "urls": ["*.both.example.net", "auto.*.example.org", "*.wide.example.org"],
    "ips": ["192.0.2.64/26"], "tcpPorts": "443", "category": "Default", "required": true, "expressRoute": false
  },
  { "id": 13, "serviceArea": "Exchange", "urls": ["mail.example.com"], "tcpPorts": "25", "required": true }
]"#;

const AZURE: &str = r#"{
  "changeNumber": 363, "cloud": "Public",
  "values": [
    { "name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {
        "changeNumber": 1, "region": "westeurope", "regionId": 18, "platform": "Azure",
        "systemService": "AzureStorage", "addressPrefixes": ["192.0.2.0/26", "2001:db8::/64"],
        "networkFeatures": ["API", "NSG"] } },
    { "name": "ActionGroup", "id": "ActionGroup", "properties": { "addressPrefixes": ["198.51.100.4/30"] } }
  ]
}"#;

const AWS: &str = r#"{
  "syncToken": "1700000000", "createDate": "2023-11-14-22-13-20",
  "prefixes": [
    { "ip_prefix": "192.0.2.0/28", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1" },
    { "ip_prefix": "192.0.2.0/28", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1" },
    { "ip_prefix": "192.0.2.64/28", "region": "us-east-1", "service": "S3", "network_border_group": "us-east-1" }
  ],
  "ipv6_prefixes": [
    { "ipv6_prefix": "2001:db8::/56", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1" }
  ]
}"#;

fn feed(text: &str) -> Feed {
    read(None, text).expect("a feed")
}

fn set(prefixes: &[&str]) -> AddressSet {
    let nets: Vec<AddressSet> =
        prefixes.iter().map(|it| it.parse::<ipnet::IpNet>().unwrap().into()).collect();
    AddressSet::union_of(&nets)
}

fn refused(kind: Option<&str>, text: &str) -> ImportError {
    read(kind, text).expect_err("an error")
}

/// What an error or a problem underlines.
fn under(text: &str, place: TextRange) -> &str {
    &text[std::ops::Range::<usize>::from(place)]
}

fn group(feed: &Feed, kind: SymbolKind, name: &str) -> Option<AddressSet> {
    feed.groups.get(&(kind, name.into())).cloned()
}

#[test]
fn endpoint_sets_are_read_whole() {
    let feed = feed(M365);
    assert_eq!((feed.kind, &feed.version, feed.problems.as_slice()), ("m365-endpoints", &None, &[][..]));
    let ids: Vec<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "10", "11", "12", "13"]);
    let exchange = &feed.entries[1];
    assert_eq!(exchange.title, "Exchange Online");
    let names: Vec<&str> = exchange.names.iter().map(|name| &**name).collect();
    assert_eq!(names, ["mail.example.com", "smtp.example.com"]);
    assert_eq!(exchange.tcp, IntervalSet::from_ranges([143, 587, 993, 995].map(|port| (port, port))));
    assert_eq!((exchange.category.as_deref(), exchange.required), (Some("Allow"), Some(true)));
    assert_eq!(exchange.addresses, Some(set(&["192.0.2.0/25", "2001:db8:1::/48", "198.51.100.7/32"])));
    assert!(under(M365, exchange.place).contains("smtp.example.com"));
    assert!(feed.entries[0].udp.is_empty());
    assert_eq!(feed.entries[3].udp, IntervalSet::range(3478, 3481));
    assert!(feed.entries[3].names.is_empty() && feed.entries[2].addresses.is_none());
    assert_eq!(feed.entries[2].title, "Common");
}

#[test]
fn a_host_keeps_its_addresses_in_a_set_that_tells_none_and_a_wildcard_does_not() {
    let feed = feed(M365);
    let of_both = set(&["192.0.2.0/25", "2001:db8:1::/48", "198.51.100.7/32", "203.0.113.0/24"]);
    assert_eq!(feed.addresses_of("mail.example.com"), Some(of_both));
    assert_eq!(feed.addresses_of("*.both.example.net"), None);
    assert_eq!(feed.addresses_of("a.both.example.net"), None);
    let unknown: Vec<&str> = feed.unknown_names.iter().map(|name| &**name).collect();
    assert_eq!(unknown, ["*.both.example.net", "*.example.com", "cdn.files.example.com"]);
}

#[test]
fn the_narrowest_pattern_tells() {
    let feed = feed(M365);
    let files = Some(set(&["203.0.113.0/24"]));
    for name in ["*.files.example.com", "a.files.example.com", "A.B.Files.Example.com."] {
        assert_eq!(feed.addresses_of(name), files, "{name}");
    }
    // Listed on its own without addresses; below the wildcard, which has some.
    assert_eq!(feed.addresses_of("cdn.files.example.com"), None);
    assert_eq!(feed.addresses_of("a.cdn.files.example.com"), files);
    // Only the wildcard without addresses is above these, and nothing is above those.
    for name in ["other.example.com", "files.example.com", "example.com", "example.net", "192.0.2.1", "", "*"]
    {
        assert_eq!(feed.addresses_of(name), None, "{name}");
    }
    let auto = Some(set(&["192.0.2.64/26"]));
    assert_eq!(feed.addresses_of("auto.contoso.example.org"), auto);
    assert_eq!(feed.addresses_of("auto.a.contoso.example.org"), None);
}

#[test]
fn the_hosts_of_a_wildcard_are_also_those_of_patterns_across_it() {
    let entry = |id: u32, url: &str, ips: &str| {
        format!(r#"{{"id": {id}, "serviceArea": "Common", "urls": ["{url}"], "ips": [{ips}]}}"#)
    };
    let text = |auto: &str| {
        let one = entry(1, "*.example.org", r#""192.0.2.0/28""#);
        format!("[{one}, {}]", entry(2, "auto.*.example.org", auto))
    };
    let known = feed(&text(r#""192.0.2.64/28""#));
    let both = Some(set(&["192.0.2.0/28", "192.0.2.64/28"]));
    assert_eq!(known.addresses_of("*.contoso.example.org"), both);
    assert_eq!(known.addresses_of("auto.contoso.example.org"), Some(set(&["192.0.2.64/28"])));
    assert_eq!(known.addresses_of("*.example.org"), Some(set(&["192.0.2.0/28"])), "listed word for word");
    let unknown = feed(&text(""));
    assert_eq!(unknown.addresses_of("*.contoso.example.org"), None);
    assert_eq!(unknown.addresses_of("web.contoso.example.org"), Some(set(&["192.0.2.0/28"])));
}

#[test]
fn service_tags_are_groups_under_their_own_spelling() {
    let feed = feed(AZURE);
    assert_eq!((feed.kind, feed.version.as_deref()), ("azure-service-tags", Some("363")));
    assert_eq!(feed.problems, []);
    let storage = Some(set(&["192.0.2.0/26", "2001:db8::/64"]));
    assert_eq!(group(&feed, SymbolKind::ServiceTag, "Storage.WestEurope"), storage);
    assert_eq!(group(&feed, SymbolKind::ServiceTag, "storage.westeurope"), None);
    assert_eq!(feed.entries[0].id, "ActionGroup");
    assert_eq!(feed.entries[1].title, "AzureStorage");
}

#[test]
fn services_and_regions_are_groups() {
    let feed = feed(AWS);
    assert_eq!((feed.kind, feed.version.as_deref()), ("aws-ip-ranges", Some("1700000000")));
    assert_eq!(feed.problems, []);
    let ireland = set(&["192.0.2.0/28", "2001:db8::/56"]);
    assert_eq!(group(&feed, SymbolKind::AddressGroup, "S3.eu-west-1"), Some(ireland.clone()));
    assert_eq!(group(&feed, SymbolKind::AddressGroup, "S3"), Some(ireland.union(&set(&["192.0.2.64/28"]))));
    assert_eq!(group(&feed, SymbolKind::AddressGroup, "AMAZON"), Some(set(&["192.0.2.0/28"])));
    assert_eq!(feed.groups.len(), 5);
    assert_eq!(feed.entries.len(), 3);
    let dated = AWS.replace(r#""syncToken": "1700000000","#, "");
    assert_eq!(read(None, &dated).unwrap().version.as_deref(), Some("2023-11-14-22-13-20"));
}

/// The same JSON with keys and lists the other way round.
fn reversed(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(all) => all.iter().rev().map(reversed).collect(),
        serde_json::Value::Object(all) => {
            all.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn order_makes_no_difference() {
    for text in [M365, AZURE, AWS] {
        let without_places = |mut feed: Feed| {
            feed.entries.iter_mut().for_each(|entry| entry.place = TextRange::default());
            feed
        };
        let other = reversed(&serde_json::from_str(text).unwrap()).to_string();
        assert_eq!(without_places(feed(text)), without_places(feed(&other)));
    }
}

#[test]
fn each_kind_is_told_by_its_content() {
    for (text, name) in [(M365, "m365-endpoints"), (AZURE, "azure-service-tags"), (AWS, "aws-ip-ranges")] {
        assert_eq!(detect(text).map(|kind| kind.name()), Some(name));
        assert_eq!(detect(&format!("\u{feff}{text}")).map(|kind| kind.name()), Some(name));
        let sure = FEEDS.iter().filter(|kind| kind.detect(crate::json::Json::parse(text).unwrap().root()));
        assert_eq!(sure.count(), 1);
    }
    let other_cloud =
        r#"{"syncToken": "1", "prefixes": [{"ipv4Prefix": "192.0.2.0/28", "service": "Cloud"}]}"#;
    for text in ["", "[]", "{}", "[1, 2]", "\"m365\"", other_cloud, "# a policy"] {
        assert!(detect(text).is_none(), "{text}");
    }
    let names: BTreeSet<&str> = FEEDS.iter().map(|kind| kind.name()).collect();
    assert!(names.len() == FEEDS.len() && names.iter().all(|name| find(name).is_some()));
}

#[test]
fn what_is_no_feed_is_refused() {
    let wrong = refused(Some("azure-service-tags"), M365);
    assert_eq!(wrong.message, "this is a file of `m365-endpoints`, not of `azure-service-tags`");
    assert_eq!(refused(Some("m365-endpoints"), "[]").message, "this is no file of `m365-endpoints`");
    assert_eq!(refused(None, "{}").message, "the kind of the feed file is not recognised");
    assert_eq!(refused(None, " \n").message, "the feed file is empty");
    let named = refused(Some("m365"), M365);
    assert_eq!(named.message, "no kind of feed is called `m365`");
    assert_eq!(named.help, "use one of: m365-endpoints, azure-service-tags, aws-ip-ranges");
    let html = refused(None, "<!DOCTYPE html>");
    assert!(html.message.starts_with("the feed file is no JSON: expected a value"), "{}", html.message);
}

#[test]
fn every_truncation_is_an_error_at_its_end() {
    for text in [M365, AZURE, AWS] {
        for (at, _) in text.char_indices().skip(1) {
            let error = refused(None, &text[..at]);
            assert!(error.message.starts_with("the feed file is cut off"), "{at}: {}", error.message);
            let rest = &text[error.place.start as usize..at];
            assert!(["", "t", "tr", "tru", "f", "fa", "fal", "fals"].contains(&rest), "{at}: {rest}");
        }
    }
}

#[test]
fn unknown_keys_are_noted_once() {
    let text = M365.replace("\"serviceArea\":", "\"color\\u001b\": [1], \"serviceArea\":");
    let odd = feed(&text);
    assert_eq!(odd.names, feed(M365).names);
    assert_eq!(odd.problems.len(), 1);
    assert_eq!(
        odd.problems[0].message,
        "`color\\u{1b}` is not a known key (it stands here and 5 times more)"
    );
    assert_eq!(under(&text, odd.problems[0].place), "\"color\\u001b\"");
    let text = AZURE.replace("\"cloud\"", "\"cloudy\"");
    assert_eq!(feed(&text).problems[0].message, "`cloudy` is not a known key");
}

#[test]
fn duplicate_ids_and_tags_are_noted_and_both_count() {
    let text = M365.replace("\"id\": 11", "\"id\": 1");
    let doubled = feed(&text);
    assert_eq!(doubled.entries.len(), 6);
    assert_eq!(doubled.problems[0].message, "a second endpoint set has the id `1`");
    assert!(under(&text, doubled.problems[0].place).contains("Skype"));
    let text = AZURE.replace("ActionGroup", "Storage.WestEurope");
    let doubled = feed(&text);
    let both = set(&["192.0.2.0/26", "2001:db8::/64", "198.51.100.4/30"]);
    assert_eq!(group(&doubled, SymbolKind::ServiceTag, "Storage.WestEurope"), Some(both));
    assert_eq!(doubled.problems[0].message, "a second tag is called `Storage.WestEurope`");
}

#[test]
fn a_wrong_prefix_makes_unknown_what_lists_it() {
    let text = M365.replace("203.0.113.0/24", "203.0.113.0/33");
    let spoilt = feed(&text);
    assert_eq!(spoilt.problems[0].message, "`203.0.113.0/33` is no address prefix");
    assert_eq!(under(&text, spoilt.problems[0].place), "\"203.0.113.0/33\"");
    assert_eq!(spoilt.addresses_of("*.files.example.com"), None);
    let whole = Some(set(&["192.0.2.0/25", "2001:db8:1::/48", "198.51.100.7/32"]));
    assert_eq!(spoilt.addresses_of("mail.example.com"), whole, "its other set is whole");

    let spoilt = feed(&AZURE.replace("2001:db8::/64", "2001:db8::/640"));
    assert_eq!(group(&spoilt, SymbolKind::ServiceTag, "Storage.WestEurope"), None);
    assert!(group(&spoilt, SymbolKind::ServiceTag, "ActionGroup").is_some());

    let spoilt = feed(&AWS.replace("192.0.2.64/28", "Ireland"));
    assert_eq!(group(&spoilt, SymbolKind::AddressGroup, "S3"), None);
    assert_eq!(group(&spoilt, SymbolKind::AddressGroup, "S3.us-east-1"), None);
    assert!(group(&spoilt, SymbolKind::AddressGroup, "S3.eu-west-1").is_some());

    let spoilt = feed(&AZURE.replace("[\"198.51.100.4/30\"]", "[]"));
    assert_eq!(group(&spoilt, SymbolKind::ServiceTag, "ActionGroup"), None);
    assert_eq!(spoilt.problems[0].message, "the tag `ActionGroup` lists no address prefix");
}

#[test]
fn host_bits_are_noted_and_the_prefix_is_whole() {
    let odd = feed(&M365.replace("203.0.113.0/24", "203.0.113.9/24"));
    assert_eq!(
        odd.problems[0].message,
        "`203.0.113.9/24` has bits behind its prefix: it is read as `203.0.113.0/24`"
    );
    assert_eq!(odd.names, feed(M365).names);
}

#[test]
fn wrong_names_and_ports_are_left_out_with_a_note() {
    let text = M365
        .replace("smtp.example.com", "https://smtp.example.com/")
        .replace("443,80", "443, https, 70000, 8-9");
    let odd = feed(&text);
    let messages: Vec<&str> = odd.problems.iter().map(|problem| problem.message.as_str()).collect();
    let expected = [
        "`https://smtp.example.com/` is no DNS name or wildcard",
        "`70000` is no port",
        "`https` is no port",
    ];
    assert_eq!(messages, expected);
    assert_eq!(odd.entries[0].tcp, IntervalSet::from_ranges([(8, 9), (443, 443)]));
}

#[test]
fn another_shape_is_an_error_in_its_place() {
    let cases = [
        (
            M365.replace("[\"mail.example.com\"]", "\"mail.example.com\""),
            "expected a list, for `urls`, found a string",
        ),
        (M365.replace("\"id\": 13,", ""), "this endpoint set has no `id`"),
        (
            M365.replace("\"id\": 13,", "\"id\": 13, \"ID\": 14,"),
            "`id` stands here for the second time in an endpoint set",
        ),
        (M365.replace("  { \"id\": 13", "  7, { \"id\": 13"), "expected an endpoint set, found a number"),
        (AZURE.replace("\"name\": \"ActionGroup\",", ""), "this tag has no `name`"),
        (
            AZURE.replace("{ \"addressPrefixes\": [\"198.51.100.4/30\"] }", "[]"),
            "expected the properties of a tag, found a list",
        ),
        (AWS.replace("\"service\": \"AMAZON\",", ""), "this prefix has no `service`"),
        (r#"{"changeNumber": 1, "values": []}"#.to_owned(), "the file holds no tag"),
    ];
    for (text, message) in cases {
        let error = refused(None, &text);
        assert_eq!(error.message, message);
        assert!(!error.place.is_empty() && !error.help.is_empty());
    }
}

#[test]
fn a_difference_is_what_is_told_and_not_how() {
    assert!(difference(&feed(M365), &feed(&M365.replace("  ", ""))).is_empty());
    let newer = M365
        .replace("smtp.example.com", "pop.example.com")
        .replace("203.0.113.0/24", "203.0.113.0/25")
        .replace("\"cdn.files.example.com\", ", "");
    let difference = difference(&feed(M365), &feed(&newer));
    let names = |known: &[Known]| known.iter().map(|known| known.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&difference.gained), ["pop.example.com"]);
    assert_eq!(names(&difference.lost), ["cdn.files.example.com", "smtp.example.com"]);
    let changed: Vec<&str> = difference.changed.iter().map(|moved| &*moved.name).collect();
    assert_eq!(changed, ["*.files.example.com", "mail.example.com"]);
    let (came, went) = difference.changed[0].addresses().unwrap();
    assert!(came.is_empty());
    assert_eq!(went, set(&["203.0.113.128/25"]));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        which in 0usize..3,
        at in 0.0f64..1.0,
        length in 0usize..12,
        put in "[\\[\\]{}\":,0-9a-z*./ -]{0,8}",
    ) {
        let text = [M365, AZURE, AWS][which];
        let start = (text.len() as f64 * at) as usize;
        let changed = format!("{}{put}{}", &text[..start], &text[(start + length).min(text.len())..]);
        match read(None, &changed) {
            Ok(feed) => {
                for problem in &feed.problems {
                    prop_assert!(changed.get(std::ops::Range::from(problem.place)).is_some());
                }
                for name in feed.names.keys() {
                    prop_assert!(feed.addresses_of(name).is_some());
                }
            }
            Err(error) => prop_assert!(changed.get(std::ops::Range::from(error.place)).is_some()),
        }
    }

    #[test]
    fn any_question_has_an_answer(name in "[a-c*.]{0,12}\\.example\\.(com|org)") {
        let feed = feed(M365);
        if let Some(addresses) = feed.addresses_of(&name) {
            prop_assert!(!addresses.is_empty());
        }
    }
}
