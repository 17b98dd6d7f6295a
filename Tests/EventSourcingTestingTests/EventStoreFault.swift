/// One way each in which a store can be wrong; ``FaultyEventStore`` shows what it means.
enum EventStoreFault: String, CaseIterable {
    // Appending
    case losesTheLastEventOfAnAppend, reordersAnAppend, putsLaterAppendsFirst, returnsTheVersionBeforeTheAppend
    case returnsTheFirstPositionOffByOne, returnsTheFirstPositionAsTheLast, beginsVersionsAtZero, leavesGapsInVersions
    case countsVersionsOfAllStreamsTogether, beginsPositionsAtZero, givesAnAppendOnePosition, countsPositionsByStream
    case countsPositionsDown, acceptsEmptyAppends, beginsStreamsByEmptyAppends, storesWithAClockGoingBackwards
    case tellsStreamsApartByIdentifierOnly, tellsStreamsApartByTypeOnly, forgetsTheStream

    // Atomicity
    case storesWhatPrecedesADuplicate, storesWhatPrecedesInvalidEvents, storesInSpiteOfConflicts
    case movesThePositionForRefusedAppends, takesVersionsForRefusedAppends, takesIDsOfRefusedAppends

    // Expected versions
    case ignoresExpectations, refusesAnyAtNewStreams, refusesAnyAtExistingStreams, refusesNoStreamAtNewStreams
    case ignoresNoStream, ignoresStreamExists, refusesStreamExists, takesVersionZeroForAny, refusesVersionZero
    case refusesExactVersions, allowsLowerVersions, allowsHigherVersions, beginsStreamsAtAnyVersion
    case expectsVersionsOfAllStreamsTogether, forgetsWhatWasExpected, forgetsTheActualVersion
    case givesTheActualVersionOffByOne, givesTheExpectedVersionAsTheActual, forgetsTheStreamOfAConflict

    // Event ids
    case acceptsAnIDTwiceInAnAppend, acceptsIDsOfTheSameStream, acceptsIDsOfOtherStreams, acceptsIDsOfOtherTypes
    case forgetsOldIDs, looksAtTheFirstIDOnly, forgetsTheDuplicateID, namesTheFirstIDAsDuplicate
    case forgetsTheStreamOfADuplicate, reportsConflictsBeforeDuplicates

    // Retries
    case refusesRetries, refusesRetriesOfAny, refusesRetriesBehindOtherEvents, refusesRetriesOfNoStream
    case refusesRetriesOfStreamExists, refusesRetriesOfVersionZero, refusesRetriesOfExactVersions
    case storesRetriesAgain, storesRetriesUnderNewIDs, returnsTheLatestVersionToRetries
    case recognisesTheStreamsLatestAppendOnly, recognisesTheStoresLatestAppendOnly, comparesPayloadsOfRetries
    case overwritesPayloadsByRetries, remembersTheFormOfTheDemand
    case takesAnyOrderForARetry, takesFirstEventsForARetry, takesLastEventsForARetry, takesMoreEventsForARetry
    case takesTheSameFirstIDForARetry, takesTheSameLastIDForARetry, takesEventsOfTwoAppendsForARetry
    case takesOtherStreamsForARetry, ignoresTheDemandOfARetry, ignoresTheDemandForNoStreamOfARetry
    case ignoresTheDemandForAStreamOfARetry

    // Reading streams
    case readsFromExclusively, readsToExclusively, ignoresFrom, ignoresTo, ignoresFromBackward
    case readsStreamsForwardAlways, ignoresLimitsOfStreams, readsOneMoreThanTheLimit, takesLimitZeroForNone
    case limitsBeforeReversing, ignoresLimitsBackward, failsForHugeLimits, failsBehindTheEnd, wrapsBehindTheEnd
    case failsBelowVersionOne, takesToBelowOneForOne, swapsReversedRanges, failsForMissingStreams
    case readsOtherStreamsOfTheType, hidesTheLatestEventFromStreams, takesNegativeLimitsForZero
    case takesBadNamesForMissingStreams, countsVersionsOffByOne, givesMissingStreamsAVersion

    // Reading the feed
    case groupsTheFeedByStream, sortsTheFeedByType, readsTheFeedForwardAlways, resumesInclusively
    case resumesBackwardInclusively, ignoresWhereToResume, skipsTheFirstEventOfTheFeed, failsBehindTheLastPosition
    case readsNothingBackwardFromBehindTheEnd, takesPositionZeroForTheEndBackward, ignoresLimitsOfFeeds
    case takesLimitZeroForNoneInFeeds, takesNegativeLimitsForZeroInFeeds, hidesTheLatestEventFromFeeds
    case givesEmptyStoresAPosition, givesThePositionBehindTheLast, inventsAnEventInEmptyFeeds

    // Filters
    case ignoresAggregateTypes, ignoresEventTypes, ignoresTenants, filtersByOneAggregateTypeOnly
    case filtersByOneEventTypeOnly, combinesFiltersByOr, takesEmptySetsForAll, filtersForwardOnly
    case filtersFromTheBeginningOnly, limitsBeforeFiltering, givesUpWhereABatchHasNoMatch

    // Reading categories
    case readsAllCategories, readsCategoriesBackward, readsOneStreamOfACategory, readsCategoriesByPrefix
    case readsCategoriesBehindTheInstant, ignoresTheInstant, ignoresTheTenantOfACategory
    case ignoresTheTenantFromAnInstantOn, ignoresLimitsOfCategories, limitsCategoriesBeforeTenants
    case takesLimitZeroForNoneInCategories, takesNegativeLimitsForZeroInCategories
    case takesBadNamesForMissingCategories, hidesTheLatestEventFromCategories, readsNothingFromTheFirstInstant
    case inventsAnEventInEmptyCategories

    // Lookups
    case findsNoEvents, findsTheFirstEventAlways, findsEventsOfUnknownIDs, findsEventsOfAnotherTime
    case containsNothing, containsEverything, comparesHalfOfAnID, comparesTheOtherHalfOfAnID
    case givesFeedsAnotherTime, givesCategoriesAnotherTime

    // Releasing
    case keepsReleasedEventsInStreams, keepsReleasedEventsInStreamsBackward, keepsReleasedEventsInFeeds
    case keepsReleasedEventsInFeedsBackward, keepsReleasedEventsInCategories, findsReleasedEvents
    case containsReleasedEvents, renumbersVersionsOfWhatRemains, countsWhatRemainsAsTheVersion, truncatesOneMore
    case keepsTheLastEvent, limitsBeforeLeavingOutWhatIsReleased, renumbersPositionsOfWhatRemains
    case truncatesAllStreamsOfAType, takesBackThePosition, bringsBackByTruncations, truncatesOnce
    case returnsTheStatusBeforeATruncation, truncatesBeforeAnyVersion, takesBadNamesInTruncations
    case ignoresNegativeVersionsInTruncations, ignoresExpectationsOfReleases, releasesInSpiteOfConflicts
    case refusesReleasesAtExactVersions

    // Deleting
    case takesSoftDeletionsForTruncations, takesDeletedStreamsForExistingOnes, takesTruncatedStreamsForMissingOnes
    case takesDeletedStreamsForNewOnes, refusesDeletionsOfMissingStreams, forgetsTombstones
    case reportsConflictsBeforeTombstones, forgetsTheStreamOfATombstone, truncatesTombstones, refusesSecondTombstones
    case forgetsTombstonesOfMissingStreams

    // Released events
    case keepsReleasedIDsTaken, freesAllIDsOfATruncatedStream, comparesWholeAppendsOfRetries
    case givesReleasedPositionsAgain, countsFirstVersionsFromZero, keepsTheStatusOfATruncation

    // Contents
    case givesNewIDs, givesAllEventsTheFirstType, keepsTypesInASCII, keepsAggregateTypesInASCII
    case keepsOneSchemaVersion, keepsSchemaVersionsInSixteenBits, keepsJSONOnly, keepsKnownContentTypesOnly
    case keepsMicroseconds, keepsTimesSince1970Only, keepsTimesOfThisCenturyOnly, forgetsCorrelationIDs
    case forgetsCausationIDs, forgetsTenantIDs, forgetsActors, forgetsFurtherMetadata, forgetsEmptyMetadataValues
    case keepsMetadataInASCII, inventsMetadata, sharesMetadataInAnAppend, keepsWellKnownMetadataAlone
    case stripsSpacesFromPayloads, keepsPayloadsInASCII, replacesEmptyPayloads, endsPayloadsAtNUL, repairsUTF8
    case cutsPayloadsAt64KiB, padsPayloadsToEightBytes, altersTheLastByte

    // Limits
    case ignoresThePayloadLimit, ignoresUTF8, ignoresTheEventLimit, ignoresTheAppendLimit, ignoresEventTypeNames
    case ignoresSchemaVersionLimits, ignoresMetadataLimits, ignoresAggregateTypeNames
    case ignoresNegativeExpectedVersions, checksTheFirstEventOnly
    case refusesTheLargestPayload, refusesTheMostEvents, refusesTheLongestEventType, refusesTheLongestAggregateType
    case refusesTheLargestMetadata, refusesTheLongestMetadataKey

    // Batches
    case losesEventsBetweenBatches, repeatsEventsBetweenBatches, limitsEachBatch, readsWhatComesLater
    case readsWhatWasThereWhenAsked, readsOnce, stopsBehindTheFirstBatch

    // Concurrency
    case checksBeforeItsTurn, losesUpdates, showsPartsOfAppends, failsOtherwiseThanByConflict, resolvesRacesByLosing
    case showsPositionsOutOfOrder
}
