use std::path::PathBuf;

use crate::folder::files_below;
use crate::must_be_complete;

/// The folder of real exports; `None`, said aloud, where there is none. In a run that must be complete that is a
/// failure.
pub fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FLOWRIGHT_CORPUS").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        let skipped = "skipped: FLOWRIGHT_CORPUS is not set: the real exports are not here";
        assert!(!must_be_complete(), "{skipped}");
        // Past the capture of the test runner: who reads the log must see what was not tested.
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{skipped}");
    }
    folder
}

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct Real {
    /// From the corpus's root, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// The exports of one format's folder, sorted by path; the answers that other tools gave (`oracle`) are left out.
pub fn exports(corpus: &std::path::Path, format: &str) -> Vec<Real> {
    files_below(&corpus.join(format))
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "oracle"))
        .map(|path| Real {
            bytes: std::fs::read(corpus.join(format).join(&path)).expect("a file of the corpus can be read"),
            path: format!("{format}/{}", path.display()),
        })
        .collect()
}
