use diagnostics::apply;
use proptest::prelude::*;
use space::{Conditions, Side};

use super::emit::{any_rule, new_rule};
use super::*;
use crate::{Change, Edited, NewRule, Refusal};

fn edit(text: &str, changes: &[Change]) -> Result<(String, Edited), Refusal> {
    let export = read(text);
    let edited = PanOs.edit(text, &export, 0, changes)?;
    let text = apply(text, &edited.edits).expect("edits that do not overlap");
    Ok((text, edited))
}

/// The rule set that the changes ask for; new rules at the end come before the default ones.
fn expected(old: &RuleSetExport, changes: &[Change]) -> RuleSet {
    let mut rules: Vec<Rule> = old.rules.rules().cloned().collect();
    let mut next = 10_000;
    let mut written = |new: &[NewRule]| -> Vec<Rule> {
        let mut number = || {
            next += 1;
            next
        };
        new.iter().map(|new| rule(number(), new.permit, new.region.clone())).collect()
    };
    for change in changes {
        match change {
            Change::Insert { before, rule } => {
                let end = rules.len() - 1;
                let at = before.and_then(|id| rules.iter().position(|rule| rule.id == id)).unwrap_or(end);
                rules.splice(at..at, written(std::slice::from_ref(rule)));
            }
            Change::Remove { rule: id } => rules.retain(|rule| rule.id != *id),
            Change::Replace { rule: id, with } => {
                let at = rules.iter().position(|rule| rule.id == *id).expect("a rule to replace");
                rules.splice(at..=at, written(with));
            }
        }
    }
    RuleSet::flat(rules, old.rules.stages[0].default)
}

/// Makes the changes, and checks that the text and the commands say what was asked for.
fn changed(text: &str, changes: &[Change]) -> (String, Edited) {
    let old = read(text);
    let (new, edited) = edit(text, changes).expect("changes that the firewall can make");
    let expected = expected(&old.rule_sets[0], changes);
    same(&expected, &read(&new).rule_sets[0].rules);
    (new, edited)
}

fn id(text: &str, name: &str) -> RuleId {
    entry(&read(text).rule_sets[0], name).0
}

const XML: &str = r#"<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <devices>
    <entry name="localhost.localdomain">
      <vsys>
        <entry name="vsys1">
          <zone>
            <entry name="inside"/>
            <entry name="outside"/>
            <entry name="guest lan"/>
            <entry name="dmz"/>
          </zone>
          <address>
            <entry name="proxy">
              <ip-netmask>10.20.5.10</ip-netmask>
            </entry>
          </address>
          <service/>
          <rulebase>
            <security>
              <rules>
                <entry name="first" uuid="1-2-3">
                  <to>
                    <member>outside</member>
                  </to>
                  <from>
                    <member>inside</member>
                  </from>
                  <source>
                    <member>proxy</member>
                  </source>
                  <destination>
                    <member>any</member>
                  </destination>
                  <application>
                    <member>any</member>
                  </application>
                  <service>
                    <member>any</member>
                  </service>
                  <action>allow</action>
                  <description>ticket &lt;12&gt;</description>
                  <profile-setting>
                    <group>
                      <member>strict</member>
                    </group>
                  </profile-setting>
                </entry>
                <entry name="last">
                  <to>
                    <member>any</member>
                  </to>
                  <from>
                    <member>any</member>
                  </from>
                  <source>
                    <member>any</member>
                  </source>
                  <destination>
                    <member>any</member>
                  </destination>
                  <application>
                    <member>any</member>
                  </application>
                  <service>
                    <member>any</member>
                  </service>
                  <action>deny</action>
                </entry>
              </rules>
            </security>
          </rulebase>
        </entry>
      </vsys>
    </entry>
  </devices>
</config>
"#;

const SET: &str = "\
set zone inside network layer3 ethernet1/1
set zone outside network layer3 ethernet1/2
set zone \"guest lan\"
set zone dmz
set address proxy ip-netmask 10.20.5.10
set rulebase security rules first to outside
set rulebase security rules first from inside
set rulebase security rules first source proxy
set rulebase security rules first destination any
set rulebase security rules first application any
set rulebase security rules first service any
set rulebase security rules first action allow
set rulebase security rules first description \"ticket <12>\"
set rulebase security rules first profile-setting group strict
set rulebase security rules last from any
set rulebase security rules last to any
set rulebase security rules last source any
set rulebase security rules last destination any
set rulebase security rules last application any
set rulebase security rules last service any
set rulebase security rules last action deny
";

fn host(address: &str) -> space::AddressSet {
    address.parse::<std::net::IpAddr>().expect("an address").into()
}

fn smtp() -> NewRule {
    let region =
        tcp(25).from(host("10.20.5.10")).when(Conditions::named(Side::Destination, "mail.example.com"));
    new_rule("smtp out", true, region)
}

#[test]
fn a_new_rule_stands_in_its_place_in_xml() {
    let change = Change::Insert { before: Some(id(XML, "last")), rule: smtp() };
    let (new, edited) = changed(XML, &[change]);
    let rule = r#"                </entry>
                <entry name="smtp out">
                  <from>
                    <member>any</member>
                  </from>
                  <to>
                    <member>any</member>
                  </to>
                  <source>
                    <member>proxy</member>
                  </source>
                  <destination>
                    <member>mail.example.com</member>
                  </destination>
                  <application>
                    <member>any</member>
                  </application>
                  <service>
                    <member>tcp-25</member>
                  </service>
                  <action>allow</action>
                </entry>
                <entry name="last">
"#;
    assert!(new.contains(rule), "{new}");
    let objects = r#"            <entry name="mail.example.com">
              <fqdn>mail.example.com</fqdn>
            </entry>
          </address>
          <service>
            <entry name="tcp-25">
              <protocol>
                <tcp>
                  <port>25</port>
                </tcp>
              </protocol>
            </entry>
          </service>
"#;
    assert!(new.contains(objects), "{new}");
    assert_eq!(
        edited.commands,
        [
            "set address mail.example.com fqdn mail.example.com",
            "set service tcp-25 protocol tcp port 25",
            "set rulebase security rules \"smtp out\" from any",
            "set rulebase security rules \"smtp out\" to any",
            "set rulebase security rules \"smtp out\" source proxy",
            "set rulebase security rules \"smtp out\" destination mail.example.com",
            "set rulebase security rules \"smtp out\" application any",
            "set rulebase security rules \"smtp out\" service tcp-25",
            "set rulebase security rules \"smtp out\" action allow",
            "move rulebase security rules \"smtp out\" before last",
        ]
    );
    assert_eq!(
        edited.rollback,
        [
            "delete rulebase security rules \"smtp out\"",
            "delete address mail.example.com",
            "delete service tcp-25"
        ]
    );
}

#[test]
fn a_new_rule_stands_in_its_place_in_commands() {
    let change = Change::Insert { before: Some(id(SET, "last")), rule: smtp() };
    let (new, _) = changed(SET, &[change]);
    let added = "\
set address mail.example.com fqdn mail.example.com
set service tcp-25 protocol tcp port 25
set rulebase security rules \"smtp out\" from any
set rulebase security rules \"smtp out\" to any
set rulebase security rules \"smtp out\" source proxy
set rulebase security rules \"smtp out\" destination mail.example.com
set rulebase security rules \"smtp out\" application any
set rulebase security rules \"smtp out\" service tcp-25
set rulebase security rules \"smtp out\" action allow
";
    assert_eq!(
        new,
        SET.replace(
            "set rulebase security rules last from",
            &format!("{added}set rulebase security rules last from")
        )
    );
}

#[test]
fn a_rule_that_is_replaced_keeps_what_is_not_its_match() {
    let tight = || new_rule("tight", true, tcp(443).from(host("10.20.5.10")));
    for text in [XML, SET] {
        let change = Change::Replace { rule: id(text, "first"), with: vec![tight(), smtp()] };
        let (new, edited) = changed(text, &[change]);
        let export = read(&new);
        let set = &export.rule_sets[0];
        for name in ["first", "smtp out"] {
            assert_eq!(entry(set, name).1.comment.as_deref(), Some("ticket <12>"), "{new}");
        }
        assert_eq!(new.matches("strict").count(), 2, "{new}");
        assert!(edited.commands.contains(&"move rulebase security rules first before last".to_owned()));
        assert_eq!(
            edited.rollback[..2],
            ["delete rulebase security rules \"smtp out\"", "delete rulebase security rules first"]
                .map(str::to_owned)
        );
        assert_eq!(
            edited.rollback.last().map(String::as_str),
            Some("move rulebase security rules first before last")
        );
    }
    let change = Change::Replace { rule: id(XML, "first"), with: vec![tight()] };
    assert!(changed(XML, &[change]).0.contains("<entry name=\"first\" uuid=\"1-2-3\">"));
}

#[test]
fn rules_are_removed_and_put_at_the_end() {
    for text in [XML, SET] {
        let remove = Change::Remove { rule: id(text, "last") };
        let (new, edited) = changed(text, std::slice::from_ref(&remove));
        assert!(!new.contains("last"), "{new}");
        assert_eq!(edited.commands, ["delete rulebase security rules last"]);
        assert_eq!(edited.rollback.len(), 7);
        let append = Change::Insert { before: None, rule: smtp() };
        let (new, edited) = changed(text, &[remove, append]);
        assert!(new.find("smtp out") > new.find("first"));
        assert!(!edited.commands.iter().any(|command| command.starts_with("move")));
    }
}

#[test]
fn the_rollback_brings_the_old_rules_back() {
    // The commands are those of `set` text: applied after the file, they are the change, and the way back.
    for changes in [
        vec![Change::Insert { before: Some(id(SET, "first")), rule: smtp() }],
        vec![Change::Remove { rule: id(SET, "first") }],
        vec![Change::Replace { rule: id(SET, "first"), with: vec![smtp(), new_rule("b", false, tcp(80))] }],
        vec![
            Change::Remove { rule: id(SET, "first") },
            Change::Insert { before: Some(id(SET, "first")), rule: smtp() },
            Change::Replace { rule: id(SET, "last"), with: vec![new_rule("b", false, tcp(80))] },
        ],
    ] {
        let old = read(SET);
        let (new, edited) = changed(SET, &changes);
        let after = format!("{SET}{}\n", edited.commands.join("\n"));
        same(&read(&new).rule_sets[0].rules, &read(&after).rule_sets[0].rules);
        let back = format!("{after}{}\n", edited.rollback.join("\n"));
        same(&old.rule_sets[0].rules, &read(&back).rule_sets[0].rules);
    }
}

#[test]
fn objects_with_exactly_the_value_are_used() {
    let objects = "set address mail fqdn mail.example.com\nset address-group pair static [ x y ]\nset address x ip-netmask 192.0.2.1\n\
                   set address y ip-netmask 192.0.2.3\nset service smtp protocol tcp port 25\nset address 192.0.2.9 ip-netmask 198.51.100.9\n\
                   set profiles custom-url-category cloud list *.example.com/\n";
    let text = format!("{objects}{SET}");
    let pair = space::AddressSet::union_of(&[host("192.0.2.1"), host("192.0.2.3")]);
    let changes = [
        Change::Insert { before: None, rule: new_rule("a", true, smtp().region.from(pair)) },
        Change::Insert { before: None, rule: new_rule("b", true, tcp(25).from(host("192.0.2.9"))) },
        Change::Insert {
            before: None,
            rule: new_rule("c", true, tcp(443).when(Conditions::named(Side::Destination, "*.example.com"))),
        },
    ];
    let (new, _) = changed(&text, &changes);
    assert!(new.contains("rules a source pair\n") && new.contains("rules a destination mail\n"), "{new}");
    assert!(new.contains("rules a service smtp\n") && new.contains("rules c category cloud\n"), "{new}");
    // `192.0.2.9` alone would be the object of that name.
    assert!(new.contains("rules b source 192.0.2.9/32\n"), "{new}");
}

#[test]
fn what_the_file_knows_by_name_can_be_written_again() {
    let objects =
        "set external-list bad type ip url u\nset schedule work schedule-type recurring daily 08:00-17:00\n";
    let keys = "source bad; application ssl; source-user contoso\\ann; schedule work; category gambling; destination US; service service-https";
    let text = format!("{objects}{}", rules(&[("r", &with(keys)), ("s", ANY)]));
    let export = read(&text);
    let region = matches(&export, "r")[0].clone();
    let change = Change::Insert { before: Some(id(&text, "s")), rule: new_rule("copy", false, region) };
    changed(&text, &[change]);
}

#[test]
fn a_rule_for_some_firewalls_stays_for_them() {
    let text = rules(&[("r", &with("target devices 0001")), ("s", ANY)])
        .replace("set rulebase", "set device-group g pre-rulebase");
    let export = read(&text);
    let region = tcp(443).when(matches(&export, "r")[0].conditions.clone());
    let change = Change::Replace { rule: id(&text, "r"), with: vec![new_rule("x", true, region)] };
    let (new, edited) = changed(&text, &[change]);
    assert!(new.contains("rules r target devices 0001"), "{new}");
    assert!(edited.commands.iter().any(|command| command.ends_with("rules r target devices 0001")));
    assert!(edited.commands[0].starts_with("delete device-group g pre-rulebase security rules r"));
}

#[test]
fn a_list_without_rules_gets_its_first() {
    let xml = "<config urldb=\"x\"><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><rulebase>\
               <default-security-rules><rules><entry name=\"interzone-default\"><action>deny</action></entry></rules>\
               </default-security-rules></rulebase></entry></vsys></entry></devices></config>";
    let change = Change::Insert { before: None, rule: smtp() };
    changed(xml, std::slice::from_ref(&change));
    let set = "set vsys vsys2 rulebase default-security-rules rules interzone-default action deny";
    let (new, edited) = changed(set, &[change]);
    assert!(new.contains("\nset vsys vsys2 address mail.example.com fqdn"), "{new}");
    assert!(edited.commands[0].starts_with("set vsys vsys2 address"), "{:?}", edited.commands);
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    let message = |text: &str, changes: &[Change]| edit(text, changes).expect_err("this is refused").message;
    let insert = |before| Change::Insert { before, rule: smtp() };
    let remove = |rule| Change::Remove { rule };
    assert_eq!(message(SET, &[insert(Some(RuleId(99)))]), "the rule set has no such rule");
    assert_eq!(message(SET, &[remove(RuleId(2))]), "a default rule cannot be removed");
    let first = id(SET, "first");
    let nowhere = Region { in_interface: space::NameSet::one("nowhere"), ..tcp(443) };
    let nowhere = Change::Insert { before: None, rule: new_rule("x", true, nowhere) };
    assert_eq!(message(SET, &[nowhere]), "the firewall has no zone `nowhere`");
    assert_eq!(
        message(SET, &[remove(first), remove(first)]),
        "two changes are to be made to the rule `first`"
    );
    assert_eq!(
        message(SET, &[remove(first), remove(id(SET, "last"))]),
        "no security rule would be left in the file"
    );
    let moved = format!("{SET}move rulebase security rules last top\n");
    assert!(message(&moved, &[insert(None)]).contains("no line has its place"));
    let group =
        format!("{}set device-group g devices 1\n", SET.replace("set rulebase", "set shared pre-rulebase"));
    let group =
        group.replace("set zone", "set template t config devices localhost.localdomain vsys vsys1 zone");
    assert_eq!(
        message(&group, &[remove(id(&group, "first"))]),
        "the rule `first` is one of `shared`, and others use it too"
    );
    let braces = "rulebase { security { rules { r { from any; to any; source any; destination any; application any; service any; action allow; } } } }";
    assert!(message(braces, &[insert(None)]).contains("cannot be loaded again"));
    let fragment =
        "<rules><entry name=\"r\"><from><member>any</member></from><action>deny</action></entry></rules>";
    assert!(message(fragment, &[insert(None)]).contains("piece of a configuration"));
    let export = read(SET);
    assert!(PanOs.edit(XML, &export, 0, &[]).is_err());
    assert!(PanOs.edit(SET, &export, 7, &[]).is_err());
}

#[derive(Clone, Debug)]
enum Step {
    Keep,
    InsertBefore(Vec<NewRule>),
    Remove,
    Replace(Vec<NewRule>),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Keep),
        1 => prop::collection::vec(any_rule(), 1..3).prop_map(Step::InsertBefore),
        1 => Just(Step::Remove),
        1 => prop::collection::vec(any_rule(), 1..3).prop_map(Step::Replace)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn edits_make_the_changes_and_no_other(
        steps in (any_step(), any_step()),
        last in prop::collection::vec(any_rule(), 1..3),
        lines: bool,
        crlf: bool,
    ) {
        let text = if lines { SET } else { XML };
        let text = if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let mut changes = Vec::new();
        for (step, name) in [(steps.0, "first"), (steps.1, "last")] {
            let id = id(&text, name);
            match step {
                Step::Keep => {}
                Step::InsertBefore(new) => {
                    changes.extend(new.into_iter().map(|rule| Change::Insert { before: Some(id), rule }));
                }
                Step::Remove => changes.push(Change::Remove { rule: id }),
                Step::Replace(with) => changes.push(Change::Replace { rule: id, with }),
            }
        }
        changes.extend(last.into_iter().map(|rule| Change::Insert { before: None, rule }));
        let (new, edited) = changed(&text, &changes);
        if crlf {
            prop_assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
        }
        if lines {
            let after = format!("{text}{}\n", edited.commands.join("\n"));
            same(&read(&new).rule_sets[0].rules, &read(&after).rule_sets[0].rules);
            let back = format!("{after}{}\n", edited.rollback.join("\n"));
            same(&read(&text).rule_sets[0].rules, &read(&back).rule_sets[0].rules);
        }
    }
}
