//! Tests the sandbox over real HTTP, against the facts of the API that it imitates.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod contacts;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod segments;
#[cfg(test)]
mod shapes;
