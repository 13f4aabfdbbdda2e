use std::fs;

use super::*;

const FEED: &str = r#"[
  { "id": 1, "serviceArea": "Exchange", "urls": ["mail.example.com"], "ips": ["192.0.2.0/25"], "tcpPorts": "443" },
  { "id": 2, "serviceArea": "Exchange", "urls": ["*.example.com"], "tcpPorts": "443" }
]
"#;

/// A project, and a folder for downloads.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Case { folder }
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn download(&self, text: &str) -> String {
        let path = self.folder.path().join("download.json");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn add(&self, text: &str) -> Result<Status, Error> {
        add(&self.project(), "m365", &self.download(text), None, Some("2025-12"))
    }

    fn update(&self, text: &str) -> Result<Status, Error> {
        update(&self.project(), "m365", &self.download(text), Some("2026-01"))
    }

    fn kept(&self) -> PathBuf {
        self.project().join("feeds/m365.json")
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.project().join(lock::FILE_NAME)).unwrap_or_default()
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

#[test]
fn an_added_feed_is_copied_and_pinned() {
    let case = Case::new();
    assert_eq!(case.add(FEED).unwrap(), Status::Clean);
    assert_eq!(fs::read_to_string(case.kept()).unwrap(), FEED);
    let pinned = lock::feeds(&case.project()).unwrap();
    assert_eq!(pinned.len(), 1);
    assert_eq!((pinned[0].kind, pinned[0].version.as_str()), ("m365-endpoints", "2025-12"));
    assert_eq!(pinned[0].text, FEED);
    assert_eq!(verify(&case.project()).unwrap(), Status::Clean);
    assert_eq!(status(&case.project()).unwrap(), Status::Clean);
}

#[test]
fn nothing_is_overwritten() {
    let case = Case::new();
    case.add(FEED).unwrap();
    assert_eq!(text(case.add(FEED).unwrap_err()), "a feed `m365` is pinned already");
    fs::remove_file(case.project().join(lock::FILE_NAME)).unwrap();
    let refused = text(case.add("[]").unwrap_err());
    assert!(refused.contains("the kind of the feed file is not recognised"), "{refused}");
    let refused = text(case.add(FEED).unwrap_err());
    assert!(refused.contains("feeds/m365.json` is there already, and no feed `m365` is pinned"), "{refused}");
    assert_eq!(fs::read_to_string(case.kept()).unwrap(), FEED);
    assert_eq!(case.lock(), "");
}

#[test]
fn what_is_wrong_in_a_file_has_its_line_and_changes_nothing() {
    let case = Case::new();
    let cut = text(case.add(&FEED[..200]).unwrap_err());
    assert!(cut.contains("download.json:3:"), "{cut}");
    assert!(cut.contains("the feed file is cut off"), "{cut}");
    let name = add(&case.project(), "../m365", &case.download(FEED), None, None).unwrap_err();
    assert_eq!(text(name), "`../m365` is no name of a feed");
    let kind = add(&case.project(), "m365", &case.download(FEED), Some("aws-ip-ranges"), None).unwrap_err();
    assert!(text(kind).contains("this is a file of `m365-endpoints`, not of `aws-ip-ranges`"));
    let kind = add(&case.project(), "m365", &case.download(FEED), Some("m365-endpoint"), None).unwrap_err();
    assert_eq!(text(kind), "no kind of feed is called `m365-endpoint`");
    assert!(!case.kept().exists() && case.lock().is_empty());
}

#[test]
fn an_update_replaces_file_and_pin_together() {
    let case = Case::new();
    case.add(FEED).unwrap();
    let newer = FEED.replace("192.0.2.0/25", "192.0.2.0/24");
    assert_eq!(diff(&case.project(), "m365", &case.download(&newer)).unwrap(), Status::Findings);
    assert_eq!(fs::read_to_string(case.kept()).unwrap(), FEED);
    case.update(&newer).unwrap();
    assert_eq!(lock::feeds(&case.project()).unwrap()[0].version, "2026-01");
    assert_eq!(fs::read_to_string(case.kept()).unwrap(), newer);
    assert_eq!(diff(&case.project(), "m365", &case.download(&newer)).unwrap(), Status::Clean);

    let before = case.lock();
    let tags = r#"{"changeNumber": 1, "values": [{"name": "Sql", "properties": {"addressPrefixes": ["192.0.2.1"]}}]}"#;
    let other = text(case.update(tags).unwrap_err());
    assert!(other.contains("this is a file of `azure-service-tags`, not of `m365-endpoints`"), "{other}");
    assert!(case.update(&newer[..90]).is_err());
    assert_eq!(case.lock(), before);
    assert_eq!(verify(&case.project()).unwrap(), Status::Clean);
}

#[test]
fn a_changed_file_is_a_mismatch_and_an_update_settles_it() {
    let case = Case::new();
    case.add(FEED).unwrap();
    fs::write(case.kept(), FEED.replace("443", "80")).unwrap();
    assert_eq!(verify(&case.project()).unwrap(), Status::Findings);
    assert!(
        text(diff(&case.project(), "m365", &case.download(FEED)).unwrap_err()).contains("flowright.lock:8:")
    );
    assert_eq!(status(&case.project()).unwrap(), Status::Clean);
    case.update(FEED).unwrap();
    assert_eq!(verify(&case.project()).unwrap(), Status::Clean);
    fs::remove_file(case.kept()).unwrap();
    assert_eq!(verify(&case.project()).unwrap(), Status::CouldNot);
    case.update(FEED).unwrap();
    assert_eq!(verify(&case.project()).unwrap(), Status::Clean);
}

#[test]
fn the_version_is_given_or_the_files_own_or_its_month() {
    let case = Case::new();
    let tags = r#"{"changeNumber": 41, "values": [{"name": "Sql", "properties": {"addressPrefixes": ["192.0.2.1"]}}]}"#;
    add(&case.project(), "tags", &case.download(tags), None, None).unwrap();
    let path = case.download(FEED);
    let file = fs::File::options().write(true).open(&path).unwrap();
    // 2025-12-15, in seconds.
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_765_756_800)).unwrap();
    add(&case.project(), "m365", &path, None, None).unwrap();
    let versions: Vec<String> =
        lock::feeds(&case.project()).unwrap().into_iter().map(|it| it.version).collect();
    assert_eq!(versions, ["2025-12", "41"]);
    let empty = add(&case.project(), "other", &path, None, Some(" ")).unwrap_err();
    assert_eq!(text(empty), "the version is empty");
}

#[test]
fn a_difference_names_what_came_and_went() {
    let read = |text: &str| formats::feed::read(None, text).unwrap();
    let newer = FEED.replace("192.0.2.0/25", "192.0.2.64/26").replace("*.example.com", "*.example.net");
    let mut text = String::new();
    write_difference(&difference(&read(FEED), &read(&newer)), &mut text);
    let expected = "gained   name `*.example.net`: addresses not told\n\
                    lost     name `*.example.com`: addresses not told\n\
                    changed  name `mail.example.com`: no longer 192.0.2.0/26\n\
                    1 gained, 1 lost, 1 changed\n";
    assert_eq!(text, expected);
    let mut same = String::new();
    write_difference(&difference(&read(FEED), &read(FEED)), &mut same);
    assert_eq!(same, "no difference in what it tells\n");
}

#[test]
fn a_feed_that_is_not_pinned_is_named_with_a_guess() {
    let case = Case::new();
    case.add(FEED).unwrap();
    let error = diff(&case.project(), "m356", "nowhere.json").unwrap_err();
    assert!(matches!(error, Error::Usage { help, .. } if help == "did you mean `m365`?"));
}
