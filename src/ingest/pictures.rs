//! Pictures on their way to the site that is to keep them, which may not be there yet.

use crate::fault::Result;
use crate::store::Site;

/// Pictures that wait for their site.
#[derive(Default)]
pub(super) struct Waiting(Vec<Vec<u8>>);

impl Waiting {
    /// Keeps a picture in its site, or holds it until there is one: before anything that shows it.
    ///
    /// # Errors
    /// As [`Site::keep_picture`].
    pub fn take(&mut self, bytes: Vec<u8>, site: Option<&Site>) -> Result<()> {
        match site {
            Some(site) => site.keep_picture(&bytes),
            None => {
                self.0.push(bytes);
                Ok(())
            }
        }
    }
    /// Keeps what waited.
    ///
    /// # Errors
    /// As [`Site::keep_picture`].
    pub fn settle(&mut self, site: &Site) -> Result<()> {
        std::mem::take(&mut self.0).iter().try_for_each(|bytes| site.keep_picture(bytes))
    }
}
