//! S3: its contract on moto, in a bucket with versioning and in one without.

use aws_sdk_s3::{
    Client,
    types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
    },
};
use omnisend_export::{
    keys::{Bucket, Location, Prefix},
    ports::{
        Aws,
        objects::{Objects, Put, S3Objects, honours_conditions},
    },
};

use super::fresh;
use crate::{
    common::{
        moto::{config_for, moto},
        proxy::{Effect, Exchange, Proxy},
    },
    objects::Harness,
};

/// A bucket that belongs to one test, behind a proxy.
pub(crate) struct S3 {
    pub(crate) objects: S3Objects,
    pub(crate) bucket: String,
    /// Another writer, which does not use the proxy.
    pub(crate) other: S3Objects,
    pub(crate) client: Client,
    pub(crate) proxy: Proxy,
    versions: bool,
}

impl S3 {
    pub(crate) async fn new(versions: bool) -> Self {
        let aws = Aws::new(moto().config());
        let conf = aws_sdk_s3::config::Builder::from(&moto().config()).force_path_style(true).build();
        let (client, bucket) = (Client::from_conf(conf), fresh("state"));
        let place = CreateBucketConfiguration::builder();
        let place = place.location_constraint(BucketLocationConstraint::EuWest1).build();
        client.create_bucket().bucket(&bucket).create_bucket_configuration(place).send().await.unwrap();
        if versions {
            let kept = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            let set = client.put_bucket_versioning().bucket(&bucket).versioning_configuration(kept);
            set.send().await.unwrap();
        }
        let proxy = Proxy::start(moto().address(), &[]).await;
        let objects = Aws::new(config_for(proxy.address())).objects(&bucket);
        Self { objects, other: aws.objects(&bucket), bucket, client, proxy, versions }
    }
}

impl Harness for S3 {
    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    fn at(&self, key: &str) -> Location {
        at(&format!("own/{key}"))
    }

    fn keeps_versions(&self) -> bool {
        self.versions
    }
}

pub(crate) fn at(key: &str) -> Location {
    Location::state(key.to_owned())
}

mod without_versions {
    crate::objects::contract!(super::S3::new(false).await);
}

mod with_versions {
    crate::objects::contract!(super::S3::new(true).await);
}

#[tokio::test]
async fn reads_another_bucket_by_its_name() {
    let (state, lake) = (S3::new(true).await, S3::new(true).await);
    lake.objects.put(&at("out/vip.csv"), "x".into(), Put::Replace).await.unwrap();
    let there = Location { bucket: Bucket::Named(lake.bucket.clone()), key: "out/vip.csv".to_owned() };
    assert_eq!(state.objects.get(&there).await.unwrap(), "x");
    let prefix = Prefix::Source(Location { key: "out/".to_owned(), ..there.clone() });
    let listed = state.objects.list(&prefix).await.unwrap();
    assert_eq!(listed.into_iter().map(|object| object.location).collect::<Vec<_>>(), [there]);
}

#[tokio::test]
async fn reads_every_page_of_a_listing() {
    let s3 = S3::new(false).await;
    let keys = ["p/a", "p/b", "p/c d", "p/e", "p/f"];
    for key in keys {
        s3.other.put(&at(key), "x".into(), Put::Replace).await.unwrap();
    }
    let is_listing = |request: &Exchange| request.is("GET", "list-type=2");
    let two =
        |request: &mut Exchange| request.line = request.line.replace("list-type=2", "list-type=2&max-keys=2");
    s3.proxy.spoil(9, is_listing, Effect::Edit { request: Box::new(two), answer: Box::new(|_| {}) });
    let listed = s3.objects.list(&Prefix::Source(at("p/"))).await.unwrap();
    assert_eq!(listed.into_iter().map(|object| object.location.key).collect::<Vec<_>>(), keys);
    assert_eq!(s3.proxy.seen(is_listing).len(), 3);
}

#[tokio::test]
async fn rejects_empty_and_long_keys() {
    let s3 = S3::new(false).await;
    let error = s3.objects.put(&at(""), "x".into(), Put::Replace).await.unwrap_err();
    assert_eq!(error.to_string(), ": not a key of this store: it is empty");
    s3.proxy.spoil(1, |_| true, Effect::Answer(Exchange::s3_error(400, "KeyTooLongError")));
    let error = s3.objects.put(&at(&"k".repeat(1025)), "x".into(), Put::Replace).await.unwrap_err();
    assert!(error.to_string().ends_with("it is longer than the 1,024 bytes that S3 allows"), "{error}");
}

#[tokio::test]
async fn the_probe_finds_out_whether_a_store_honours_conditions() {
    let s3 = S3::new(false).await;
    assert!(honours_conditions(&s3.objects).await.unwrap());
    let forget = |request: &mut Exchange| request.headers.retain(|(name, _)| name != "if-none-match");
    let ignored = Effect::Edit { request: Box::new(forget), answer: Box::new(|_| {}) };
    s3.proxy.spoil(2, |request| request.is("PUT", ".probe"), ignored);
    assert!(!honours_conditions(&s3.objects).await.unwrap());
    let refused = Effect::Answer(Exchange::s3_error(501, "NotImplemented"));
    s3.proxy.spoil(1, |request| request.is("PUT", ".probe"), refused);
    assert!(!honours_conditions(&s3.objects).await.unwrap());
    assert_eq!(s3.other.list(&Prefix::Source(at(""))).await.unwrap(), [], "the probe left an object");
}
