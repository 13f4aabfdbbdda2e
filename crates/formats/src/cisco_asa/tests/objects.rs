use super::*;

fn objects(text: &str) -> Vec<(String, u32, Option<String>)> {
    let objects = import(text).inventory.objects;
    objects.into_iter().map(|object| (object.name, object.uses, object.content)).collect()
}

#[test]
fn an_object_that_comes_again_with_its_translation_is_the_same() {
    let list = "object network WEB\n host 10.0.0.8\n description site\nobject network LAN\n subnet 10.0.0.0 255.255.255.0\n\
                access-list OUT extended permit tcp any object WEB eq www\n\
                object network WEB\n nat (inside,outside) static 192.0.2.8\n";
    assert_eq!(decide(list, "198.51.100.9 -> 10.0.0.8 tcp/80"), "permit by OUT line 1");
    assert_eq!(
        objects(&outside(list)),
        [
            ("WEB".to_owned(), 1, Some("10.0.0.8".to_owned())),
            ("LAN".to_owned(), 0, Some("10.0.0.0-10.0.0.255".to_owned()))
        ]
    );
    // The real address counts, not the mapped one (since 8.3).
    assert!(decide(list, "198.51.100.9 -> 192.0.2.8 tcp/80").starts_with("deny"));
}

#[test]
fn ranges_names_and_nested_groups() {
    let list = "object network POOL\n range 10.0.0.10 10.0.0.20\nobject network SITE\n fqdn v4 www.example.com\n\
                object-group network INNER\n network-object object POOL\n network-object host 10.0.0.30\n\
                object-group network OUTER\n network-object 10.1.0.0 255.255.0.0\n network-object 2001:db8::/32\n group-object INNER\n\
                access-list OUT extended permit ip any object-group OUTER\n\
                access-list OUT extended permit tcp any object SITE\n";
    for to in ["10.0.0.20", "10.0.0.30", "10.1.2.3"] {
        assert_eq!(decide(list, &format!("192.0.2.9 -> {to} gre")), "permit by OUT line 1");
    }
    assert_eq!(decide(list, "2001:db8:1::1 -> 2001:db8::9 gre"), "permit by OUT line 1");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.21 gre").starts_with("deny"));
    assert_eq!(decide(list, "192.0.2.9 -> www.example.com tcp/1"), "permit by OUT line 1, OUT line 2");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.21 tcp/1"), "either");
    let export = import(&outside(list));
    assert_eq!(export.inventory.patterns[0].covers, ["www.example.com"]);
    assert_eq!(export.coverage.totals().approximated, 0);
}

#[test]
fn services_in_two_dialects_on_both_sides_and_as_the_protocol() {
    let list = "object-group service WEB tcp\n port-object eq www\n port-object range 8080 8090\n\
                object-group service HIGH tcp\n port-object range 1024 65535\n\
                object-group service MIXED\n service-object tcp destination eq 443\n service-object udp source eq 53 destination gt 1023\n \
                service-object icmp echo\n service-object tcp eq 1723\n service-object object SSH\n group-object MORE\n\
                object-group service MORE\n service-object gre\n\
                object service SSH\n service tcp destination eq ssh\n\
                object-group service DNS tcp-udp\n port-object eq domain\n\
                object-group protocol TCPUDP\n protocol-object udp\n protocol-object tcp\n\
                object-group network LAN\n network-object 10.0.0.0 255.0.0.0\n\
                access-list OUT extended permit tcp any object-group HIGH object-group LAN object-group WEB\n\
                access-list OUT extended permit object-group MIXED any object-group LAN\n\
                access-list OUT extended permit object-group TCPUDP any any object-group DNS\n";
    for (question, line) in [
        ("tcp/80 from 2000", "permit by OUT line 1"),
        ("tcp/8085 from 2000", "permit by OUT line 1"),
        ("tcp/443 from 9", "permit by OUT line 2"),
        ("udp/2000 from 53", "permit by OUT line 2"),
        ("icmp/8", "permit by OUT line 2"),
        ("tcp/1723 from 9", "permit by OUT line 2"),
        ("tcp/22 from 9", "permit by OUT line 2"),
        ("gre", "permit by OUT line 2"),
        ("udp/53 from 9", "permit by OUT line 3"),
        ("tcp/53 from 9", "permit by OUT line 3"),
    ] {
        assert_eq!(decide(list, &format!("192.0.2.9 -> 10.0.0.8 {question}")), line, "{question}");
    }
    for question in ["tcp/80 from 80", "udp/2000 from 54", "icmp/0", "sctp/53 from 9"] {
        assert!(decide(list, &format!("192.0.2.9 -> 10.0.0.8 {question}")).starts_with("deny"), "{question}");
    }
    assert_eq!(import(&outside(list)).coverage.totals().approximated, 0);
}

#[test]
fn groups_of_types_and_inline_groups() {
    let list = "object-group icmp-type PING\n icmp-object echo\n icmp-object 0\n\
                object-group network DM_INLINE_NETWORK_1\n network-object host 10.0.0.1\n network-object host 10.0.0.2\n\
                access-list OUT extended permit icmp any object-group DM_INLINE_NETWORK_1 object-group PING\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.2 icmp/0"), "permit by OUT line 1");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.3 icmp/0").starts_with("deny"));
    assert!(decide(list, "192.0.2.9 -> 10.0.0.2 icmp/3").starts_with("deny"));
}

#[test]
fn a_group_of_which_a_part_is_missing_is_known_in_part() {
    let list = "object-group network G\n network-object host 10.0.0.1\n group-object NOWHERE\n\
                access-list OUT extended permit ip any object-group G\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.1 gre"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.2 gre"), "either");
    assert_eq!(status(&outside(list), "access-list").0, Status::Approximated);
    assert_eq!(import(&outside(list)).inventory.undefined[0].name, "NOWHERE");
    // The same of ports.
    let list = "object-group service P tcp\n port-object eq 80\n group-object NOWHERE\n\
                access-list OUT extended permit tcp any gt 1023 host 10.0.0.1 object-group P\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.1 tcp/80 from 2000"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.1 tcp/81 from 2000"), "either");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.1 tcp/81 from 9").starts_with("deny"));
}

#[test]
fn an_empty_group_is_not_nothing_and_a_circle_ends() {
    let list = "object-group network EMPTY\naccess-list OUT extended permit ip any object-group EMPTY\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.1 gre"), "either");
    let list = "object-group network A\n network-object host 10.0.0.1\n group-object B\n\
                object-group network B\n network-object host 10.0.0.2\n group-object A\n\
                access-list OUT extended permit ip any object-group A\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.2 gre"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.3 gre"), "either");
}

#[test]
fn an_undefined_group_is_taken_for_what_its_place_shows() {
    let list = "object-group network LAN\n network-object host 10.0.0.1\n\
                access-list OUT extended permit tcp any object-group NOWHERE any eq 80\n\
                access-list OUT extended permit tcp any object-group NOWHERE object-group LAN\n\
                access-list OUT extended permit udp any object-group ELSEWHERE\n\
                access-list OUT extended permit object-group SERVICES any host 10.0.0.9\n";
    let text = outside(list);
    let export = import(&text);
    let set = firewall(&export);
    let shown: Vec<String> = set
        .rules
        .rules()
        .filter(|rule| !set.entry(rule.id).unwrap().implied)
        .map(|rule| rule.matches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        .collect();
    assert_eq!(
        shown,
        [
            "any -> any tcp/80, undefined object `NOWHERE`",
            "any -> 10.0.0.1 tcp, undefined object `NOWHERE`",
            "any -> any udp, destination undefined object `ELSEWHERE`",
            "any -> 10.0.0.9 any, undefined object `SERVICES`",
        ]
    );
}

#[test]
fn an_object_of_the_wrong_kind_is_not_guessed_at() {
    let list = "object network WEB\n host 10.0.0.8\naccess-list OUT extended permit object WEB any any\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 gre"), "either");
    assert_eq!(problems(&outside(list)), ["`WEB` is an `object network`, which cannot stand here"]);
    let list = "object-group service P tcp\n port-object eq 80\naccess-list OUT extended permit udp any any object-group P\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 udp/80"), "either");
}

#[test]
fn lines_of_a_section_may_have_lost_their_indentation() {
    let list = "object-group network G\ndescription all\nnetwork-object host 10.0.0.1\ngroup-object H\n\
                object-group network H\nnetwork-object host 10.0.0.2\n\
                access-list OUT extended permit ip any object-group G\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.2 gre"), "permit by OUT line 1");
}
