use crate::FileId;

/// Where a renderer reads the texts that findings point at.
pub trait Sources {
    /// The path as the user wrote it.
    fn path(&self, file: FileId) -> &str;
    /// The decoded text; ranges are bytes of it.
    fn text(&self, file: FileId) -> &str;
}
