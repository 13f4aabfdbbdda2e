use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::{
    Alternative, Database, Date, File, FileKind, RemarkKind, Requirement, check_policy, requirements,
};

const DAY: Date = Date { year: 2025, month: 1, day: 1 };

fn project(db: &Database, policy: &str, library: &[(&str, &str)]) -> Project {
    let file = |path: &str, text: &str, kind| File::new(db, path.to_owned(), text.into(), kind);
    let policies = vec![file("policy.flow", policy, FileKind::Policy)];
    let library = library.iter().map(|(path, text)| file(path, text, FileKind::Library)).collect();
    Project::new(db, policies, library, BTreeMap::new(), Vec::new(), DAY)
}

fn records(library: &[&str]) -> Vec<LibraryRecord> {
    let db = Database::default();
    let library: Vec<(&str, &str)> = library.iter().map(|text| ("std/example.flow", *text)).collect();
    let project = project(&db, "", &library);
    for &file in project.library(&db) {
        assert_eq!(crate::source::parsed(&db, file).errors, []);
    }
    library_records(&db, project, Some("std.example"))
}

fn when(record: &LibraryRecord) -> serde_json::Value {
    serde_json::Value::Object(record.when.clone())
}

#[test]
fn a_role_that_differs_by_parameter_makes_a_variant_for_each_value() {
    let records = records(&["module std.example { document = \"D\"  version = \"1\"  date = 2024-05-06 }
parameter server: role
parameter cloud: one of [here, there, nowhere] = here
when cloud == here { role hosts = [\"a.example\", \"<tenant>.b.example\"] { note = \"odd\" } }
when cloud in [there, nowhere] { role hosts = [\"c.example\", 192.0.2.0/24] }
web: server -> hosts tcp/{80, 443} { row = \"1\"  note = \"plain\"  constraints = [x, y] }
"]);
    let [here, there] = records.as_slice() else { panic!("{records:#?}") };
    assert_eq!((when(here), when(there)), (json!({"cloud": "here"}), json!({"cloud": ["there", "nowhere"]})));
    assert_eq!(here.hosts, ["a.example", "<tenant>.b.example"]);
    assert_eq!(
        (there.hosts.as_slice(), there.addresses.as_slice()),
        (&["c.example".to_owned()][..], &["192.0.2.0/24".to_owned()][..])
    );
    assert_eq!((here.note.as_deref(), there.note.as_deref()), (Some("plain; odd"), Some("plain")));
    assert_eq!((here.version.as_deref(), here.date.as_deref()), (Some("1"), Some("2024-05-06")));
    assert_eq!(here.services[0].ports, ["80", "443"]);
    assert_eq!(here.constraints, ["x", "y"]);
    assert!(!here.any_of && here.alternatives.is_empty());
}

#[test]
fn variants_agree_with_the_conditions_of_the_flow_and_with_each_other() {
    let records = records(&["module std.example
parameter s: role
parameter cloud: one of [here, there] = here
parameter big: boolean = false
when cloud == here {
  role a = \"a.here.example\"
  role b = \"b.here.example\"
}
when cloud == there {
  role a = \"a.there.example\"
  role b = \"b.there.example\"
}
when big == true { service web = tcp/8443 }
when big == false { service web = tcp/443 }
both: s -> [a, b] web
when cloud != here { one: s -> a tcp/1 }
"]);
    let both: Vec<_> = records.iter().filter(|it| it.label.as_deref() == Some("both")).collect();
    assert_eq!(both.len(), 4);
    for record in &both {
        let cloud = record.when["cloud"].as_str().unwrap();
        assert_eq!(record.hosts, [format!("a.{cloud}.example"), format!("b.{cloud}.example")]);
        let port = if record.when["big"] == json!(true) { "8443" } else { "443" };
        assert_eq!(record.services[0].ports, [port]);
    }
    let one: Vec<_> = records.iter().filter(|it| it.label.as_deref() == Some("one")).collect();
    assert_eq!(one.len(), 1);
    assert_eq!(
        (when(one[0]), one[0].hosts.as_slice()),
        (json!({"cloud": "there"}), &["a.there.example".to_owned()][..])
    );
}

#[test]
fn alternatives_are_marked_and_kept_apart() {
    let records = records(&["module std.example
parameter s: role
role names = [\"a.example\", \"b.example\"]
role subnets = [192.0.2.0/25, 192.0.2.128/25]
role either = names or subnets
service mail = tcp/25 | tcp/587
core: s -> either tcp/443
mail: s -> names mail
all: s -> [names, \"c.example\"] [tcp/1, udp/1]
"]);
    let [core, mail, all] = records.as_slice() else { panic!("{records:#?}") };
    assert!(core.any_of && mail.any_of && !all.any_of);
    assert_eq!(core.alternatives.len(), 2);
    assert_eq!(core.alternatives[0].hosts, ["a.example", "b.example"]);
    assert_eq!(core.alternatives[1].addresses, ["192.0.2.0/25", "192.0.2.128/25"]);
    assert_eq!((core.hosts.len(), core.addresses.len()), (2, 2));
    assert_eq!(mail.services.len(), 2);
    assert_eq!(all.hosts, ["a.example", "b.example", "c.example"]);
    assert_eq!(all.services[1].protocol, "udp");
}

#[test]
fn ports_come_from_defaults_and_may_be_left_open() {
    let records = records(&["module std.example
parameter s: role
parameter login: role = \"login.example\"
parameter given: port
parameter changed: port = 9193
parameter several: port = [80, 443]
parameter open: port = none
a: s -> login tcp/given
b: s -> login tcp/changed from 1024-65535
c: s -> login tcp/several
d: s -> login tcp/open
e: s -> login none
f: s -> login
"]);
    let ports: Vec<Vec<Vec<String>>> =
        records.iter().map(|it| it.services.iter().map(|service| service.ports.clone()).collect()).collect();
    let owned = |ports: &[&str]| vec![ports.iter().map(|port| (*port).to_owned()).collect::<Vec<_>>()];
    assert_eq!(
        ports,
        [owned(&["<given>"]), owned(&["9193"]), owned(&["80", "443"]), vec![], vec![], vec![vec![]]]
    );
    assert_eq!(records[1].default_of.as_deref(), Some("changed"));
    assert_eq!(records[1].services[0].source_ports.as_deref(), Some("1024-65535"));
    assert_eq!(records[3].default_of.as_deref(), Some("open"));
    assert_eq!(records[5].services[0].protocol, "any");
    assert!(records.iter().all(|record| record.hosts == ["login.example"]));
}

#[test]
fn names_of_imported_modules_are_followed_with_their_arguments() {
    let records = records(&[
        "module std.example
parameter s: role
parameter where_: one of [here, there] = here
import std.inner as fixed { cloud = there }
import std.inner as same { cloud = where_  server = s }
import std.inner as usual
a: s -> fixed.hosts tcp/443
b: s -> same.hosts tcp/443
c: s -> usual.hosts tcp/443
d: s -> [same.outer, same.hosts] tcp/443
",
        "module std.inner
parameter server: role = \"server.example\"
parameter cloud: one of [here, there] = here
role outer = [server, \"outer.example\"] { note = \"inner note\" }
when cloud == here { role hosts = \"here.example\" }
when cloud == there { role hosts = \"there.example\" }
own: server -> hosts tcp/1
",
    ]);
    let found: Vec<(&str, serde_json::Value, Vec<String>)> =
        records.iter().map(|it| (it.label.as_deref().unwrap(), when(it), it.hosts.clone())).collect();
    let hosts = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            ("a", json!({}), hosts(&["there.example"])),
            ("b", json!({"where_": "here"}), hosts(&["here.example"])),
            ("b", json!({"where_": "there"}), hosts(&["there.example"])),
            ("c", json!({}), hosts(&["here.example"])),
            ("d", json!({"where_": "here"}), hosts(&["outer.example", "here.example"])),
            ("d", json!({"where_": "there"}), hosts(&["outer.example", "there.example"])),
        ]
    );
    assert_eq!(records[4].note.as_deref(), Some("inner note"));
}

#[test]
fn what_leads_in_a_circle_ends() {
    let circle = "module std.example
parameter s: role
import std.example as me
role a = [b, me.a]
role b = a
service x = y
service y = x
f: s -> a x
";
    assert_eq!(records(&[circle]).len(), 1);
}

#[test]
fn roles_describe_the_rows_they_are() {
    let records = records(&["module std.example
parameter s: role
parameter region: one of [na, eu] = none
role na = \"na.example\" { row = \"R, NA\"  storage_names = [\"one\"] }
role eu = \"eu.example\" { row = \"R, EU\"  deprecated = 2025-03-31 }
when region == na { role it = na }
when region == eu { role it = eu }
when region == none { role it = na or eu }
f: s -> it tcp/443 { row = \"R\" }
"]);
    let rows: Vec<&str> = records.iter().filter_map(|it| it.row.as_deref()).collect();
    assert_eq!(rows, ["R, NA", "R, EU", "R, NA; R, EU"]);
    assert_eq!(records[0].storage_names, ["one"]);
    assert_eq!(records[1].deprecated.as_deref(), Some("2025-03-31"));
    assert!(records[2].any_of && !records[0].any_of);
    assert_eq!(when(&records[2]), json!({"region": "none"}));
}

// ---- The standard library itself ----

fn standard(policy: &str) -> (Vec<String>, Vec<Requirement>) {
    let db = Database::default();
    let project = project(&db, policy, STANDARD_LIBRARY);
    let problems = check_policy(&db, project).into_iter().map(|problem| problem.message).collect();
    (problems, requirements(&db, project))
}

fn asked<'r>(all: &'r [Requirement], id: &str) -> &'r [Alternative] {
    all.iter().find(|it| *it.id == *id).map_or(&[], |it| it.alternatives.as_slice())
}

fn names(alternative: &Alternative) -> Vec<&str> {
    alternative.to.names.iter().map(|name| &**name).collect()
}

fn ports(alternative: &Alternative) -> Vec<(u16, u16)> {
    alternative.services.iter().flat_map(|service| service.destination_port.ranges()).collect()
}

#[test]
fn every_module_evaluates_for_every_choice() {
    let mut imports = vec!["import std.netwrix.auditor as a { server = 10.0.0.1 }".to_owned()];
    for cloud in ["worldwide", "china"] {
        for winrm in ["either", "https", "http"] {
            for on in ["true", "false"] {
                imports.push(format!(
                    "import std.veeam.vb365 as a {{ server = 10.0.0.1  proxy = 10.0.0.2  smtp = 10.0.0.3  cloud = {cloud}  \
                     winrm = {winrm}  sharepoint_server = 10.0.0.4  smtp_microsoft_365 = {on}  amazon_s3 = {on}  azure_blob = {on} }}"
                ));
            }
        }
    }
    for cloud in ["worldwide", "gcc", "gcc_high", "dod"] {
        for place in [
            "region = na",
            "region = eu",
            "region = ap",
            "scale_unit = AMSUA0101",
            "scale_unit = AMSUB0101",
            "scale_unit = AMSUD0101",
            "",
        ] {
            for on in ["true", "false"] {
                imports.push(format!(
                    "import std.microsoft.intune as a {{ devices = 10.0.0.0/24  cloud = {cloud}  {place}  windows_10 = {on}  \
                     remote_help = {on}  device_health = {on}  apple = {on}  win32_apps = {on} }}"
                ));
            }
        }
    }
    for import in imports {
        let (problems, requirements) = standard(&import);
        assert_eq!(problems, Vec::<String>::new(), "{import}");
        assert!(requirements.iter().any(|it| !it.alternatives.is_empty()), "{import}");
    }
}

#[test]
fn placeholders_are_filled_however_the_document_spells_them() {
    let (_, all) = standard(
        "import std.veeam.vb365 as vb { server = 10.0.0.1  cloud = china  tenant = \"contoso\"  amazon_s3 = true  \
         bucket_name = \"vault\"  region_name = \"eu-north-1\"  azure_blob = true }",
    );
    let sharepoint = names(&asked(&all, "vb.server_sharepoint")[0]);
    assert_eq!(
        sharepoint,
        ["contoso-admin.sharepoint.cn", "contoso-my.sharepoint.cn", "contososharepoint.cn"]
    );
    assert_eq!(
        names(&asked(&all, "vb.server_amazon_s3")[0]),
        ["s3.amazonaws.com", "vault.s3.eu-north-1.amazonaws.com"]
    );
    assert_eq!(names(&asked(&all, "vb.server_azure_blob")[0]), ["*.blob.core.windows.net"]);
}

#[test]
fn an_unset_label_is_said_by_its_parameter() {
    let db = Database::default();
    let policy = "import std.veeam.vb365 as vb { server = 10.0.0.1  cloud = china }";
    let project = project(&db, policy, STANDARD_LIBRARY);
    let remarks = crate::import_remarks(&db, project);
    let unset: Vec<&str> = remarks
        .iter()
        .map(|it| &it.remark)
        .filter(|it| it.kind == RemarkKind::Unset)
        .map(|it| &*it.subject)
        .collect();
    assert_eq!(unset, ["tenant"]);
}

#[test]
fn ports_are_the_documents_until_they_are_given() {
    let roles = "server = 10.0.0.1  proxy = 10.0.0.2  postgresql = 10.0.0.5";
    let (_, all) = standard(&format!("import std.veeam.vb365 as vb {{ {roles} }}"));
    assert_eq!(ports(&asked(&all, "vb.server_proxy")[0]), [(9193, 9193)]);
    let (_, all) = standard(&format!(
        "import std.veeam.vb365 as vb {{ {roles}  proxy_port = 9293  postgresql_port = 6432 }}"
    ));
    for flow in ["vb.server_proxy", "vb.proxy_proxy"] {
        assert_eq!(ports(&asked(&all, flow)[0]), [(9293, 9293)], "{flow}");
    }
    assert_eq!(ports(&asked(&all, "vb.proxy_postgresql")[0]), [(6432, 6432)]);
}

#[test]
fn what_is_not_used_is_not_asked_for() {
    let (_, all) = standard("import std.veeam.vb365 as vb { server = 10.0.0.1 }");
    for flow in
        ["vb.server_proxy", "vb.proxy_exchange", "vb.server_smtp", "vb.server_nats", "vb.browsers_rest_api"]
    {
        assert!(all.iter().any(|it| *it.id == *flow) && asked(&all, flow).is_empty(), "{flow}");
    }
    assert!(!all.iter().any(|it| it.id.contains("amazon_s3") || it.id.contains("azure_blob")));
    let (_, all) = standard(
        "import std.microsoft.intune as intune { devices = 10.0.0.0/24  region = na  apple = false }",
    );
    assert!(!all.iter().any(|it| &*it.id == "intune.apple" || &*it.id == "intune.remote_help_gcc"));
    // The document gives no port for them.
    assert!(asked(&all, "intune.store").is_empty() && asked(&all, "intune.defender").is_empty());
}

#[test]
fn alternatives_of_the_documents_are_alternatives() {
    let (_, all) = standard(
        "import std.veeam.vb365 as vb { server = 10.0.0.1  smtp = 10.0.0.3  exchange_server = 10.0.0.4  sharepoint_server = 10.0.0.4 }
import std.microsoft.intune as intune { devices = 10.0.0.0/24 }
import std.microsoft.intune as placed { devices = 10.0.0.0/24  region = eu  scale_unit = AMSUD0101 }",
    );
    let of = |id: &str| asked(&all, id).iter().flat_map(ports).collect::<Vec<_>>();
    assert_eq!(of("vb.server_smtp"), [(25, 25), (465, 465), (587, 587)]);
    assert_eq!(of("vb.server_exchange_server"), [(80, 80), (443, 443)]);
    assert_eq!(of("vb.server_sharepoint_server"), [(5985, 5985), (5986, 5986)]);
    let core = asked(&all, "intune.core");
    assert_eq!(core.len(), 2);
    assert!(core[0].to.names.len() == 3 && space::Set::is_empty(&core[0].to.addresses.v4));
    assert!(core[1].to.names.is_empty() && !space::Set::is_empty(&core[1].to.addresses.v4));
    assert_eq!(asked(&all, "intune.macos").len(), 3);
    // Where both are given, the scale unit counts.
    let [macos] = asked(&all, "placed.macos") else { panic!("one region") };
    assert_eq!(names(macos), ["macsidecarap.manage.microsoft.com"]);
}

#[test]
fn every_row_says_where_it_is_from_and_what_it_is_for() {
    let db = Database::default();
    let project = project(&db, "", STANDARD_LIBRARY);
    for record in library_records(&db, project, None) {
        assert!(record.label.is_some() && record.row.is_some() && record.purpose.is_some(), "{record:#?}");
        assert!(record.document.is_some(), "{record:#?}");
        let open = record.services.is_empty();
        assert!(!open || record.note.is_some() || !record.constraints.is_empty(), "{record:#?}");
    }
    for page in modules(&db, project) {
        assert!(page.about.is_some() && page.product.is_some(), "{}", page.path);
    }
}

#[test]
fn labels_are_told_apart_and_entries_are_known() {
    let known = [
        "row",
        "purpose",
        "condition",
        "category",
        "constraints",
        "express_route",
        "note",
        "deprecated",
        "incomplete",
        "storage_names",
        "placeholders",
        "product",
        "document",
        "version",
        "date",
        "source",
    ];
    let db = Database::default();
    let project = project(&db, "", STANDARD_LIBRARY);
    for path in library_index(&db, project).keys() {
        let contexts = Contexts::of(&db, project, path);
        let mut labels: BTreeSet<(&str, String)> = BTreeSet::new();
        for (item, conditions) in contexts.items() {
            let entries = match &item.kind {
                ItemKind::Module(it) => &it.entries,
                ItemKind::Parameter(it) => &it.entries,
                ItemKind::Role(it) => &it.entries,
                ItemKind::Service(it) => &it.entries,
                ItemKind::Flow(it) => {
                    let label = it.label.as_ref().expect("flows of the library have labels");
                    assert!(
                        labels.insert((&label.text, format!("{conditions:?}"))),
                        "{path}: `{}`",
                        label.text
                    );
                    &it.entries
                }
                _ => continue,
            };
            for entry in entries {
                assert!(known.contains(&entry.key.text.as_str()), "{path}: `{}`", entry.key.text);
            }
        }
    }
}

#[test]
fn the_tests_of_the_modules_hold() {
    let db = Database::default();
    let project = project(&db, "", STANDARD_LIBRARY);
    let mut tested = 0;
    for &file in project.library(&db) {
        for outcome in crate::run_tests(&db, project, file) {
            let failures: Vec<&str> =
                outcome.failures.iter().map(|failure| failure.message.as_str()).collect();
            assert_eq!(failures, Vec::<&str>::new(), "{}: \"{}\"", file.path(&db), outcome.title);
            tested += outcome.expectations;
        }
    }
    assert!(tested > 0);
}

#[test]
fn remarks_are_about_what_is_asked_for() {
    let db = Database::default();
    let policy = "import std.microsoft.intune as intune { devices = 10.0.0.0/24  region = eu }
import std.veeam.vb365 as vb { server = 10.0.0.1  sharepoint_server = 10.0.0.2  winrm = http }";
    let project = project(&db, policy, STANDARD_LIBRARY);
    let remarks = crate::import_remarks(&db, project);
    let of = |kind: RemarkKind, alias: &str| -> Vec<(String, String)> {
        let wanted = remarks.iter().filter(|it| it.remark.kind == kind && it.alias == alias);
        wanted.map(|it| (it.remark.subject.to_string(), it.remark.text.to_string())).collect()
    };
    let subjects = |kind, alias| of(kind, alias).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    // Those of the tenant's region, and of no other.
    let notes = subjects(RemarkKind::Note, "intune");
    assert!(notes.contains(&"core_subnets".to_owned()), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("_na") || note.contains("_ap")), "{notes:?}");
    assert!(subjects(RemarkKind::Note, "vb").contains(&"winrm_service".to_owned()));
    // A port that the document leaves open is said to be open, until it is given.
    let open = of(RemarkKind::Incomplete, "intune");
    let store = open.iter().find(|(subject, _)| subject == "microsoft_store_port").unwrap();
    assert_eq!(
        store.1,
        "the port of `store`, `store_cache`: not asked for until `microsoft_store_port` is given"
    );
    // A parameter counts under the name that the module gives it, and not where others stand beside it.
    let unbound = of(RemarkKind::Unbound, "vb");
    let smtp = unbound.iter().find(|(subject, _)| subject == "smtp").unwrap();
    assert!(smtp.1.contains("server_smtp"), "{unbound:?}");
    assert_eq!(subjects(RemarkKind::Unbound, "intune"), ["teredo"]);
}
