use super::*;
use crate::Day;

#[test]
fn a_list_that_is_bound_nowhere_decides_nothing() {
    let text = outside(
        "access-list FREE extended permit ip any any\naccess-list SPLIT standard permit 10.0.0.0 255.0.0.0\n\
         access-list VPN extended permit ip any any\naccess-list OUT extended permit tcp any any eq 443\n\
         crypto map m 1 match address VPN\n",
    );
    assert!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside").starts_with("deny"));
    assert_eq!(status(&text, "access-list FREE").1, "the list is bound to no interface");
    assert_eq!(status(&text, "access-list SPLIT").1, "a standard list filters no packets");
    assert_eq!(status(&text, "access-list VPN").1, "the list serves `crypto`, and filters nothing by itself");
    assert_eq!(import(&text).rule_sets.len(), 1);
}

#[test]
fn lists_alone_are_rule_sets_of_their_own() {
    let export = import("access-list A extended permit ip any any\naccess-list B extended deny ip any any\n");
    let names: Vec<&str> = export.rule_sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    assert!(export.rule_sets.iter().all(|set| set.rules.check().is_ok()));
    assert_eq!(export.rule_sets[0].stages[0].name, "implicit deny of A");
}

#[test]
fn the_global_list_takes_the_place_of_the_implicit_deny() {
    let text = outside(
        "access-list OUT extended deny tcp any any eq 23\naccess-list OUT extended permit tcp any any eq 443\n\
         access-list ALL extended permit tcp any any eq 80\naccess-list ALL extended permit tcp any any eq 23\n\
         access-group ALL global\n",
    );
    let ask = |question: &str| ask(&text, question);
    assert_eq!(ask("192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 2");
    assert_eq!(ask("192.0.2.9 -> 10.0.0.8 tcp/23 in outside out inside"), "deny by OUT line 1");
    assert_eq!(ask("192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside"), "permit by ALL line 1");
    assert_eq!(
        ask("192.0.2.9 -> 10.0.0.8 tcp/81 in outside out inside"),
        "deny by implicit deny of access-group ALL global"
    );
    // The level of the inside no longer counts.
    assert_eq!(
        ask("10.0.0.9 -> 192.0.2.8 tcp/81 in inside out outside"),
        "deny by implicit deny of access-group ALL global"
    );
}

#[test]
fn an_outbound_list_is_asked_after_the_inbound_one() {
    let text = outside(
        "access-list OUT extended permit tcp any any\naccess-list IN extended permit tcp any any eq 443\n\
         access-group IN out interface inside\n",
    );
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by IN line 1");
    assert_eq!(
        ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside"),
        "deny by implicit deny of access-group IN out interface inside"
    );
}

#[test]
fn a_later_binding_replaces_an_earlier_one() {
    let text = outside(
        "access-list OLD extended permit ip any any\naccess-list OUT extended permit tcp any any eq 443\n\
         access-group OLD in interface outside\n",
    );
    assert!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside").starts_with("deny"));
    assert_eq!(status(&text, "access-group OLD").1, "another list is bound there further down");
}

#[test]
fn an_undefined_list_is_not_known() {
    let text = outside("");
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside"), "either");
    assert_eq!(
        ask(&text, "10.0.0.9 -> 192.0.2.8 tcp/80 in inside out outside"),
        "permit by security-level 100 of inside"
    );
    let undefined = import(&text).inventory.undefined;
    assert_eq!((undefined[0].kind, undefined[0].name.as_str()), ("access-list", "OUT"));
    let text = outside("access-list OUT remark permit ip any any");
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/80 in outside out inside"), "either");
}

#[test]
fn remarks_inactive_entries_and_logs() {
    let text = outside(
        "access-list OUT remark web\naccess-list OUT remark permit ip any any\n\
         access-list OUT extended permit tcp any any eq www log errors interval 300\n\
         access-list OUT extended permit tcp any any eq https log disable\n\
         access-list OUT extended permit ip any any log 7 inactive\n",
    );
    assert!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/22 in outside out inside").starts_with("deny"));
    let export = import(&text);
    let entries: Vec<_> = firewall(&export).entries.iter().filter(|entry| !entry.implied).collect();
    assert_eq!(
        entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(),
        ["OUT line 3", "OUT line 4", "OUT line 5"]
    );
    assert_eq!(entries[0].comment.as_deref(), Some("web permit ip any any"));
    assert_eq!(entries.iter().map(|entry| entry.logs).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((entries[2].enabled, entries[2].inactive), (false, Some("disabled")));
    assert_eq!(status(&text, "access-list OUT remark").0, Status::Irrelevant);
}

#[test]
fn a_time_range_is_a_condition_and_ends() {
    let text = outside(
        "time-range PROJECT\n absolute start 08:00 01 January 2026 end 18:00 31 March 2027\n\
         access-list OUT extended permit tcp any any eq 22 time-range PROJECT\n\
         access-list OUT extended permit tcp any any eq 23 time-range NOWHERE inactive\n",
    );
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/22 in outside out inside"), "either");
    let export = import(&text);
    let entry = firewall(&export).entries.iter().find(|entry| entry.name == "OUT line 1").unwrap();
    assert_eq!(entry.expires, Some(Day { year: 2027, month: 3, day: 31 }));
    let uses: Vec<(&str, u32)> =
        export.inventory.objects.iter().map(|object| (object.name.as_str(), object.uses)).collect();
    assert_eq!(uses, [("PROJECT", 1)]);
    assert_eq!(export.inventory.undefined[0].name, "NOWHERE");
}

#[test]
fn old_lists_do_without_the_word_extended() {
    let list = "access-list OUT permit tcp any host 10.0.0.8 eq www\naccess-list OUT deny ip any any\n";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/80"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/81"), "deny by OUT line 2");
}

#[test]
fn users_and_security_groups_are_conditions() {
    let list = "access-list OUT extended permit tcp user LOCAL\\bob any any eq 1\n\
                access-list OUT extended permit tcp any security-group tag 5 any eq 2\n\
                access-list OUT extended permit tcp security-group name dev any security-group tag 5 any eq 3\n\
                access-list OUT extended permit tcp object-group-user staff any any eq 4\n";
    for port in 1..=4 {
        assert_eq!(decide(list, &format!("192.0.2.9 -> 10.0.0.8 tcp/{port}")), "either", "{port}");
    }
    assert!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/5").starts_with("deny"));
    assert_eq!(status(&outside(list), "access-list").0, Status::Approximated);
}

#[test]
fn what_show_access_list_repeats_is_not_counted_twice() {
    let text = "access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)\n            alert-interval 300\n\
                access-list A; 4 elements; name hash: 0x1\n\
                access-list A line 1 remark web\n\
                access-list A line 2 extended permit tcp any object-group WEB eq www (hitcnt=3) 0x2 \n\
                  access-list A line 2 extended permit tcp any host 10.0.0.1 eq www (hitcnt=1) 0x3 \n\
                  access-list A line 2 extended permit tcp any host 10.0.0.2 eq www (hitcnt=2) 0x4 \n\
                access-list A line 3 extended deny ip any object HOST (hitcnt=0) 0x5\n\
                  access-list A line 3 extended deny ip any fqdn www.example.com (resolved) 0x6\n\
                  access-list A line 3 extended deny ip any host 192.0.2.7 (www.example.com) (hitcnt=0) 0x7\n\
                access-list A line 4 extended permit tcp any any eq 22 inactive (hitcnt=0) (inactive) 0x8\n\
                access-list A line 5 extended permit udp any range 10.0.0.1 10.0.0.9 (hitcnt=0) 0x9\n";
    let export = import(text);
    let names: Vec<&str> = firewall(&export).entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["A line 2", "A line 3", "A line 4", "A line 5"]);
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.2 tcp/80"), "permit by A line 2");
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.3 tcp/80"), "deny by A line 3, implicit deny of A");
    assert_eq!(ask(text, "192.0.2.9 -> www.example.com tcp/81"), "deny by A line 3");
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.9 udp/80"), "either");
    assert_eq!(export.coverage.totals().not_understood, 0);
    assert_eq!(export.coverage.totals().approximated, 0);
    assert!(export.inventory.undefined.is_empty());
}

#[test]
fn a_script_inserts_by_number_and_clears() {
    let text = "access-list A extended permit ip any any\nclear configure access-list A\n\
                access-list A extended permit tcp any any eq 1\naccess-list A extended deny ip any any\n\
                access-list A line 2 extended permit tcp any any eq 2\n";
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.8 tcp/2"), "permit by A line 2");
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.8 tcp/3"), "deny by A line 3");
    assert_eq!(status(text, "access-list A extended permit ip").1, "the list is cleared further down");
}

#[test]
fn a_list_of_frames_is_none_of_packets() {
    let text = outside(
        "access-list ETHER ethertype permit bpdu\naccess-group ETHER in interface outside\n\
         access-list OUT extended permit tcp any any eq 443\n",
    );
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 1");
    assert_eq!(status(&text, "access-list ETHER").1, "frames that carry no IP packets");
}

#[test]
fn a_group_that_show_does_not_define_is_no_group_of_ports_before_a_hash() {
    let text = "access-list A; 1 elements; name hash: 0x1\n\
                access-list A line 1 extended permit tcp any object-group WEB 0x2\n  \
                access-list A line 1 extended permit tcp any host 10.0.0.1 (hitcnt=1) 0x3\n";
    assert_eq!(ask(text, "192.0.2.9 -> 10.0.0.1 tcp/80"), "permit by A line 1");
    assert!(ask(text, "192.0.2.9 -> 10.0.0.2 tcp/80").starts_with("deny"));
}
