use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// All files below `folder` with their paths from it, sorted; none where there is no such folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(current) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&current) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(inside) = path.strip_prefix(folder) {
                found.push(inside.to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// A temporary copy of a folder, gone when it is dropped.
pub fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder can be made");
    for inside in files_below(folder) {
        let target = copy.path().join(&inside);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).expect("a folder can be made in the temporary folder");
        }
        std::fs::copy(folder.join(&inside), target).expect("a file of the repository can be copied");
    }
    copy
}

/// A temporary folder with these files.
pub fn with_files(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, bytes) in files {
        let target = folder.path().join(path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).expect("a folder can be made in the temporary folder");
        }
        std::fs::write(target, bytes).expect("a file can be written in the temporary folder");
    }
    folder
}
