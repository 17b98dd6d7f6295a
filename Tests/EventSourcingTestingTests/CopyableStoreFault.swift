/// One way each in which a store can take over other stores' contents wrongly; ``FaultyCopyableStore`` shows what it means.
enum CopyableStoreFault: String, CaseIterable {
    // Commits
    case stampsNow, keepsMilliseconds, keepsTimesThatGoBack, reversesChanges, splitsCommits, altersPayloads
    case altersIDs, countsAnImportOfNothing, refusesLaterAppends

    // Refusals
    case appendsAnywhere, goesOnBehindARefusal, makesIDsAnew, revivesTombstones, ignoresLimits

    // Releases
    case ignoresReleases, ignoresReleasesBeforeCommits, forgetsTruncations, truncatesAlways, ignoresTombstones
    case releasesOnlyWhatIsThere, takesReleasesBack, endsStreamsTooLate, stampsReleasesNow
    case namesNoStreams, namesAllStreams, namesWrongStatuses
}
