/// One way each in which a snapshot store can be wrong; ``FaultySnapshotStore`` shows what it means.
enum SnapshotStoreFault: String, CaseIterable {
    // Saving
    case keepsNothing, givesAnySnapshot, saysThatNoneExists, saysThatAllExist, keepsOneSnapshotATypeOnly
    case keepsOneSnapshotAnIdentifierOnly, forgetsTheStream, losesUpdates

    // Replacing
    case keepsTheFirstSnapshot, keepsTheLastSnapshot, keepsTheSameVersion, keepsHigherVersionsOfAnySchema
    case keepsHigherSchemaVersions, keepsLowerSchemaVersions, keepsHigherVersionsOfHigherSchemas

    // Keeping
    case keepsVersionsInSixteenBits, keepsOneSchemaVersion, keepsMilliseconds, keepsTimesSince1970Only
    case keepsTimesOfThisCenturyOnly, keepsJSONOnly, keepsTypesInASCII, stripsSpacesFromStates, replacesEmptyStates
    case endsStatesAtNUL, cutsStatesAt64KiB

    // Deleting
    case deletesNothing, deletesEverything, saysThatThereWasNone, saysThatThereWasOne, remembersDeletedVersions
    case deletesNoTypes, deletesAllTypes, deletesTypesByPrefix, countsAllSnapshots, countsNothing
    case ignoresTheSchemaVersion, deletesTheSchemaVersionItself, deletesBelowOneLess, deletesAllTypesBelow
    case countsSavesInsteadOfSnapshots, hidesDeletedSnapshotsOnly

    // Refusing
    case ignoresVersions, ignoresSchemaVersions, ignoresNames, ignoresSizes, refusesByOtherCodes, dropsBehindARefusal
}
