use super::*;

const XML: &str = r#"<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <mgt-config><users><entry name="admin"><phash>x</phash></entry></users></mgt-config>
  <shared>
    <address><entry name="dns one"><ip-netmask>192.0.2.53</ip-netmask></entry></address>
  </shared>
  <devices>
    <entry name="localhost.localdomain">
      <network>
        <interface>
          <ethernet>
            <entry name="ethernet1/1"><layer3><ip><entry name="198.51.100.1/24"/></ip></layer3></entry>
            <entry name="ethernet1/2"><layer3><ip><entry name="10.1.0.1/16"/></ip></layer3></entry>
          </ethernet>
        </interface>
        <virtual-router>
          <entry name="default">
            <interface><member>ethernet1/1</member><member>ethernet1/2</member></interface>
            <routing-table><ip><static-route><entry name="out">
              <nexthop><ip-address>198.51.100.254</ip-address></nexthop>
              <destination>0.0.0.0/0</destination>
            </entry></static-route></ip></routing-table>
          </entry>
        </virtual-router>
      </network>
      <deviceconfig><system><hostname>fw</hostname></system></deviceconfig>
      <vsys>
        <entry name="vsys1">
          <zone>
            <entry name="inside"><network><layer3><member>ethernet1/2</member></layer3></network></entry>
            <entry name="outside"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
          </zone>
          <address>
            <entry name="web"><fqdn>www.example.com</fqdn><tag><member>x</member></tag></entry>
            <entry name="hosts"><ip-range>10.1.0.8-10.1.0.11</ip-range></entry>
          </address>
          <address-group>
            <entry name="both &amp; more"><static><member>web</member><member>hosts</member></static></entry>
          </address-group>
          <service>
            <entry name="alt"><protocol><tcp><port>8443,9000-9001</port><source-port>1024-65535</source-port></tcp></protocol></entry>
          </service>
          <tag/>
          <rulebase>
            <security>
              <rules>
                <entry name="dns out" uuid="1">
                  <to><member>outside</member></to>
                  <from><member>inside</member></from>
                  <source><member>any</member></source>
                  <destination><member>dns one</member></destination>
                  <application><member>dns</member></application>
                  <service><member>application-default</member></service>
                  <action>allow</action>
                  <description>names for all</description>
                </entry>
                <entry name="web">
                  <to><member>any</member></to>
                  <from><member>any</member></from>
                  <source><member>any</member></source>
                  <destination><member>both &amp; more</member><member>192.0.2.80-192.0.2.81</member></destination>
                  <application><member>any</member></application>
                  <service><member>alt</member><member>service-https</member></service>
                  <action>allow</action>
                  <rule-type>interzone</rule-type>
                  <log-end>no</log-end>
                </entry>
                <entry name="old">
                  <to><member>any</member></to>
                  <from><member>any</member></from>
                  <source><member>any</member></source>
                  <destination><member>any</member></destination>
                  <application><member>any</member></application>
                  <service><member>any</member></service>
                  <action>allow</action>
                  <disabled>yes</disabled>
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

const SET: &str = r#"set mgt-config users admin phash x
set shared address "dns one" ip-netmask 192.0.2.53
set network interface ethernet ethernet1/1 layer3 ip 198.51.100.1/24
set network interface ethernet ethernet1/2 layer3 ip 10.1.0.1/16
set network virtual-router default interface [ ethernet1/1 ethernet1/2 ]
set network virtual-router default routing-table ip static-route out nexthop ip-address 198.51.100.254
set network virtual-router default routing-table ip static-route out destination 0.0.0.0/0
set deviceconfig system hostname fw
set zone inside network layer3 ethernet1/2
set zone outside network layer3 ethernet1/1
set address web fqdn www.example.com
set address web tag x
set address hosts ip-range 10.1.0.8-10.1.0.11
set address-group "both & more" static [ web hosts ]
set service alt protocol tcp port 8443,9000-9001
set service alt protocol tcp source-port 1024-65535
set rulebase security rules "dns out" to outside
set rulebase security rules "dns out" from inside
set rulebase security rules "dns out" source any
set rulebase security rules "dns out" destination "dns one"
set rulebase security rules "dns out" application dns
set rulebase security rules "dns out" service application-default
set rulebase security rules "dns out" action allow
set rulebase security rules "dns out" description "names for all"
set rulebase security rules web to any
set rulebase security rules web from any
set rulebase security rules web source any
set rulebase security rules web destination "both & more"
set rulebase security rules web destination 192.0.2.80-192.0.2.81
set rulebase security rules web application any
set rulebase security rules web service [ alt service-https ]
set rulebase security rules web action allow
set rulebase security rules web rule-type interzone
set rulebase security rules web log-end no
set rulebase security rules old to any
set rulebase security rules old from any
set rulebase security rules old source any
set rulebase security rules old destination any
set rulebase security rules old application any
set rulebase security rules old service any
set rulebase security rules old action allow
set rulebase security rules old disabled yes
"#;

const BRACES: &str = r#"
config {
  mgt-config { users { admin { phash x; } } }
  shared { address { "dns one" { ip-netmask 192.0.2.53; } } }
  devices {
    localhost.localdomain {
      network {
        interface {
          ethernet {
            ethernet1/1 { layer3 { ip { 198.51.100.1/24; } } }
            ethernet1/2 { layer3 { ip { 10.1.0.1/16; } } }
          }
        }
        virtual-router {
          default {
            interface [ ethernet1/1 ethernet1/2];
            routing-table { ip { static-route { out {
              nexthop { ip-address 198.51.100.254; }
              destination 0.0.0.0/0;
            } } } }
          }
        }
      }
      deviceconfig { system { hostname fw; } }
      vsys {
        vsys1 {
          zone {
            inside { network { layer3 ethernet1/2; } }
            outside { network { layer3 ethernet1/1; } }
          }
          address {
            web { fqdn www.example.com; tag x; }
            hosts { ip-range 10.1.0.8-10.1.0.11; }
          }
          address-group { "both & more" { static [ web hosts ]; } }
          service {
            alt { protocol { tcp { port 8443,9000-9001; source-port 1024-65535; } } }
          }
          tag { }
          rulebase { security { rules {
            "dns out" {
              to outside; from inside; source any; destination "dns one"; application dns;
              service application-default; action allow; description "names for all";
            }
            web {
              to any; from any; source any; destination [ "both & more" 192.0.2.80-192.0.2.81 ];
              application any; service [ alt service-https ]; action allow; rule-type interzone; log-end no;
            }
            old {
              to any; from any; source any; destination any; application any; service any; action allow;
              disabled yes;
            }
          } } }
        }
      }
    }
  }
}
"#;

fn without_places(entries: &[RuleEntry]) -> Vec<RuleEntry> {
    let nowhere = diagnostics::TextRange::new(0, 0);
    entries.iter().map(|entry| RuleEntry { place: nowhere, head: nowhere, ..entry.clone() }).collect()
}

#[test]
fn one_configuration_is_one_rule_set_in_every_shape() {
    let exports = [XML, SET, BRACES].map(read);
    for export in &exports {
        assert_eq!(export.problems, []);
        assert_eq!(export.inventory.undefined, []);
        assert_eq!(export.rule_sets.len(), 1);
        let set = &export.rule_sets[0];
        assert_eq!(set.name, "vsys1");
        assert_eq!(set.rules, exports[0].rule_sets[0].rules);
        assert_eq!(without_places(&set.entries), without_places(&exports[0].rule_sets[0].entries));
        let objects = |export: &Export| {
            let entry = |object: &crate::ObjectEntry| {
                (object.kind, object.name.clone(), object.uses, object.content.clone())
            };
            export.inventory.objects.iter().map(entry).collect::<Vec<_>>()
        };
        assert_eq!(objects(export), objects(&exports[0]));
        let behind = |export: &Export| {
            let entries = export.inventory.interfaces.iter();
            entries.map(|entry| (entry.name.clone(), entry.behind.clone())).collect::<Vec<_>>()
        };
        assert_eq!(behind(export), behind(&exports[0]));
        assert_eq!(export.coverage.totals().not_understood, 0);
    }
    // From one zone into others, with both destinations and both services.
    let web = shown(matches(&exports[0], "web"));
    assert_eq!(web.len(), 3 * 2 * 2, "{web:#?}");
    assert!(web.contains(&"inside>others any > any tcp/443 [www.example.com]".to_owned()), "{web:#?}");
}

#[test]
fn every_statement_is_counted_once_and_in_its_words() {
    let export = read(SET);
    // A line each, none left out.
    assert_eq!(export.coverage.statements.len(), SET.lines().count());
    assert_eq!(
        status_of(&export, SET, "rules \"dns out\" application"),
        (Status::Approximated, "which application a packet belongs to is kept as an unknown".to_owned())
    );
    assert_eq!(status_of(&export, SET, "rules \"dns out\" to").0, Status::Understood);
    assert_eq!(status_of(&export, SET, "set mgt-config").0, Status::Irrelevant);
    let export = read(XML);
    assert_eq!(status_of(&export, XML, "\"dns out\"").0, Status::Approximated);
    assert_eq!(status_of(&export, XML, "<entry name=\"old\">").0, Status::Understood);
    assert_eq!(status_of(&export, XML, "<tag/>"), (Status::Irrelevant, "a tag".to_owned()));
}

#[test]
fn entries_say_what_an_administrator_looks_for() {
    let export = read(XML);
    let set = &export.rule_sets[0];
    let (_, dns) = entry(set, "dns out");
    assert_eq!(dns.comment.as_deref(), Some("names for all"));
    assert!(dns.logs && dns.enabled && !dns.implied);
    assert_eq!(&XML[std::ops::Range::from(dns.head)], "dns out");
    assert!(XML[std::ops::Range::from(dns.place)].starts_with("<entry name=\"dns out\""));
    assert!(!entry(set, "web").1.logs);
    let (id, old) = entry(set, "old");
    assert_eq!((old.enabled, old.inactive), (false, Some("disabled")));
    assert!(set.rules.rule(id).is_none());
    assert!(entry(set, "intrazone-default").1.implied);
    assert_eq!((set.stages[0].name.as_str(), set.stages[0].place), ("interzone-default", None));
    // A rule of commands is its lines.
    let export = read(SET);
    let (_, dns) = entry(&export.rule_sets[0], "dns out");
    assert_eq!(SET[std::ops::Range::from(dns.place)].lines().count(), 8);
}

#[test]
fn what_the_api_and_a_terminal_put_around_it_is_no_matter() {
    let rule = |name: &str| {
        format!(
            "<entry name=\"{name}\"><from><member>any</member></from><to><member>any</member></to><source><member>any\
             </member></source><destination><member>any</member></destination><application><member>any</member>\
             </application><service><member>any</member></service><action>deny</action></entry>"
        )
    };
    let fragments = [
        format!("<rules>{}</rules>", rule("r")),
        format!(
            "<response status=\"success\"><result><security><rules>{}</rules></security></result></response>",
            rule("r")
        ),
        format!("<rulebase><security><rules>{}</rules></security></rulebase>", rule("r")),
        format!(
            "\u{feff}<config urldb=\"x\"><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><rulebase>\
                 <security><rules>{}</rules></security></rulebase></entry></vsys></entry></devices></config>",
            rule("r")
        ),
        format!("admin@fw# {}", rules(&[("r", &with("action deny"))]).replace('\n', "\r\nadmin@fw# ")),
    ];
    for text in fragments {
        let export = read(text.trim_end_matches("admin@fw# "));
        assert_eq!(shown(matches(&export, "r")), ["any>any any > any any []"], "{text}");
    }
}

#[test]
fn lines_accumulate_and_the_last_value_counts() {
    let text = "set address a ip-netmask 192.0.2.1\nset address a ip-netmask 192.0.2.2\nset address b ip-netmask 192.0.2.3\n\
                set address b fqdn b.example.com\nset address c ip-netmask 192.0.2.4\nset address c ip-netmask 192.0.2.5\n\
                set address c ip-netmask 192.0.2.4";
    assert_eq!(
        one_shown(text, "source [ a c ]; destination b"),
        ["any>any [192.0.2.2, 192.0.2.4] > any any [b.example.com]"]
    );
    let text =
        rules(&[("r", &with("source [ 192.0.2.1 192.0.2.2]")), ("r", "source 192.0.2.9; action deny")]);
    let export = read(&text);
    assert_eq!(shown(matches(&export, "r")), ["any>any [192.0.2.1, 192.0.2.2, 192.0.2.9] > any any []"]);
    assert_eq!(export.rule_sets[0].rules.chains[0].rules[0].action, Action::Deny);
}

#[test]
fn moves_and_deletions_are_carried_out() {
    let text = format!(
        "{}move rulebase security rules c top\nmove rulebase security rules a after b\ndelete rulebase security rules d\n\
         delete rulebase security rules b source 192.0.2.1\n",
        rules(&[("a", ANY), ("b", &with("source [ 192.0.2.1 192.0.2.2 ]")), ("c", ANY), ("d", ANY)])
    );
    let export = read(&text);
    let set = &export.rule_sets[0];
    let order: Vec<&str> =
        set.rules.rules().map(|rule| set.entry(rule.id).expect("an entry").name.as_str()).collect();
    assert_eq!(order, ["c", "b", "a", "intrazone-default"]);
    assert_eq!(shown(matches(&export, "b")), ["any>any 192.0.2.2 > any any []"]);
    let names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "intrazone-default"]);
    // What renames or copies rules is not followed: then nothing is sure.
    let text = format!("{}rename rulebase security rules a to b\n", rules(&[("a", ANY)]));
    let export = read(&text);
    assert_eq!(export.rule_sets[0].rules.chains[0].rules[0].action, Action::Unknown);
    assert_eq!(export.coverage.totals().not_understood, 1);
}

#[test]
fn other_vendors_files_are_not_claimed() {
    for text in [
        "",
        "set security policies from-zone a to-zone b policy p match source-address any\nset interfaces ge-0/0/0 unit 0\n",
        "set firewall name X rule 10 action accept\nset interfaces ethernet eth0 address 192.0.2.1/24\n",
        "config firewall policy\n edit 1\n  set srcaddr \"all\"\n next\nend\n",
        "<opnsense><filter><rule><type>pass</type></rule></filter></opnsense>",
        "security {\n  policies {\n    from-zone a to-zone b {\n    }\n  }\n}\n",
        "name,action,source,destination,service\nr,permit,any,any,any\n",
    ] {
        assert_eq!(PanOs.detect(text), Detection::No, "{text}");
    }
}

#[test]
fn one_command_sets_several_keys() {
    let objects = "set service s protocol tcp port 443 source-port 1024-65535\nset zone trust network layer3 ethernet1/1\n\
                   set zone untrust network layer3 ethernet1/2\n";
    let line = "set rulebase security rules r from [ trust dmz ] to untrust source 192.0.2.1 source 192.0.2.2 destination any \
                application any service s action allow";
    let text = format!("{objects}{line}\n");
    let export = read(&text);
    assert_eq!(
        shown(matches(&export, "r")),
        ["dmz+trust>untrust [192.0.2.1, 192.0.2.2] > any tcp/443 from 1024-65535 []"]
    );
    assert_eq!(status_of(&export, &text, "rules r").0, Status::Understood);
    // What follows the first value narrows the rule, or turns it round.
    let last = "set rulebase security rules r action deny schedule night log-end no negate-source yes";
    let text = format!("{objects}{line}\n{last}\n");
    let export = read(&text);
    let (id, entry) = entry(&export.rule_sets[0], "r");
    let rule = export.rule_sets[0].rules.rule(id).expect("an enabled rule");
    assert_eq!((rule.action, entry.logs), (Action::Deny, false));
    assert_eq!(
        shown(&rule.matches),
        [
            "dmz+trust>untrust any except [192.0.2.1, 192.0.2.2] > any tcp/443 from 1024-65535 [schedule night]"
        ]
    );
    assert_eq!(status_of(&export, &text, "schedule night").0, Status::Approximated);
    let off = read(&format!("{objects}{line} disabled yes\n"));
    assert_eq!(off.rule_sets[0].entries[0].inactive, Some("disabled"));
    // A value that is a key elsewhere stays a value.
    let named = format!("{objects}{line} description to\n");
    assert_eq!(read(&named).rule_sets[0].entries[0].comment.as_deref(), Some("to"));
}
