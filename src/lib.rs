//! Cimbra: the open CIM (City Information Model) and digital-twin spatial server.

pub mod fault;
pub mod units;
