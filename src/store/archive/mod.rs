//! Where versions lie on disk. The engines stand behind one small seam: append a change set, read a version back.

pub mod embedded;
