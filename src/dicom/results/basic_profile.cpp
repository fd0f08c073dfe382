#include "dicom/results/basic_profile.hpp"

#include <algorithm>
#include <array>

namespace mi2::dicom::results {
namespace {

using enum Action;

/// The comments are the keywords of PS3.6.
constexpr std::array kProfile = std::to_array<ProfileEntry>({
    {0x00080005, "CS"},                    // SpecificCharacterSet
    {0x00080008, "CS"},                    // ImageType
    {0x00080016, "UI", kUid},              // SOPClassUID
    {0x00080018, "UI", kUid},              // SOPInstanceUID
    {0x00080020, "DA", kDate, true},       // StudyDate
    {0x00080021, "DA", kDate},             // SeriesDate
    {0x00080022, "DA", kDate},             // AcquisitionDate
    {0x00080023, "DA", kDate},             // ContentDate
    {0x00080030, "TM", kTime, true},       // StudyTime
    {0x00080031, "TM", kTime},             // SeriesTime
    {0x00080032, "TM", kTime},             // AcquisitionTime
    {0x00080033, "TM", kTime},             // ContentTime
    {0x00080050, "SH", kHidden, true},     // AccessionNumber
    {0x00080060, "CS"},                    // Modality
    {0x00080064, "CS"},                    // ConversionType
    {0x00080068, "CS"},                    // PresentationIntentType
    {0x00080070, "LO"},                    // Manufacturer
    {0x00080080, "LO", kSecret},           // InstitutionName
    {0x00080081, "ST", kSecret},           // InstitutionAddress
    {0x00080090, "PN", kHidden, true},     // ReferringPhysicianName
    {0x00080092, "ST", kSecret},           // ReferringPhysicianAddress
    {0x0008009C, "PN", kSecret},           // ConsultingPhysicianName
    {0x00080100, "SH"},                    // CodeValue
    {0x00080102, "SH"},                    // CodingSchemeDesignator
    {0x00080103, "SH"},                    // CodingSchemeVersion
    {0x00080104, "LO"},                    // CodeMeaning
    {0x00081010, "SH", kSecret},           // StationName
    {0x00081030, "LO", kDescriptor},       // StudyDescription
    {0x0008103E, "LO", kDescriptor},       // SeriesDescription
    {0x00081040, "LO", kSecret},           // InstitutionalDepartmentName
    {0x00081048, "PN", kSecret},           // PhysiciansOfRecord
    {0x00081050, "PN", kSecret},           // PerformingPhysicianName
    {0x00081060, "PN", kSecret},           // NameOfPhysiciansReadingStudy
    {0x00081070, "PN", kSecret},           // OperatorsName
    {0x00081090, "LO"},                    // ManufacturerModelName
    {0x00081140, "SQ"},                    // ReferencedImageSequence
    {0x00081150, "UI", kUid},              // ReferencedSOPClassUID
    {0x00081155, "UI", kUid},              // ReferencedSOPInstanceUID
    {0x00081160, "IS"},                    // ReferencedFrameNumber
    {0x00082111, "ST", kDescriptor},       // DerivationDescription
    {0x00082112, "SQ"},                    // SourceImageSequence
    {0x00082218, "SQ"},                    // AnatomicRegionSequence
    {0x00082220, "SQ"},                    // AnatomicRegionModifierSequence
    {0x00089007, "CS"},                    // FrameType
    {0x00089205, "CS"},                    // PixelPresentation
    {0x00089206, "CS"},                    // VolumetricProperties
    {0x00089207, "CS"},                    // VolumeBasedCalculationTechnique
    {0x00089208, "CS"},                    // ComplexImageComponent
    {0x00089209, "CS"},                    // AcquisitionContrast
    {0x00100010, "PN", kPseudonym, true},  // PatientName
    {0x00100020, "LO", kPseudonym, true},  // PatientID
    {0x00100030, "DA", kHidden, true},     // PatientBirthDate
    {0x00100040, "CS", kEmpty, true},      // PatientSex
    {0x00101000, "LO", kSecret},           // OtherPatientIDs
    {0x00101001, "PN", kSecret},           // OtherPatientNames
    {0x00101002, "SQ", kSecret},           // OtherPatientIDsSequence
    {0x00101005, "PN", kSecret},           // PatientBirthName
    {0x00101040, "LO", kSecret},           // PatientAddress
    {0x00101060, "PN", kSecret},           // PatientMotherBirthName
    {0x00101090, "LO", kSecret},           // MedicalRecordLocator
    {0x00102154, "SH", kSecret},           // PatientTelephoneNumbers
    {0x00102297, "PN", kSecret},           // ResponsiblePerson
    {0x00120062, "CS", kMark, true},       // PatientIdentityRemoved
    {0x00120063, "LO", kMark, true},       // DeidentificationMethod
    {0x00120064, "SQ", kMark, true},       // DeidentificationMethodCodeSequence
    {0x00180010, "LO", kEmpty},            // ContrastBolusAgent
    {0x00180015, "CS"},                    // BodyPartExamined
    {0x00180020, "CS"},                    // ScanningSequence
    {0x00180021, "CS"},                    // SequenceVariant
    {0x00180022, "CS"},                    // ScanOptions
    {0x00180023, "CS"},                    // MRAcquisitionType
    {0x00180024, "SH"},                    // SequenceName
    {0x00180025, "CS"},                    // AngioFlag
    {0x00180050, "DS"},                    // SliceThickness
    {0x00180060, "DS"},                    // KVP
    {0x00180080, "DS"},                    // RepetitionTime
    {0x00180081, "DS"},                    // EchoTime
    {0x00180082, "DS"},                    // InversionTime
    {0x00180083, "DS"},                    // NumberOfAverages
    {0x00180084, "DS"},                    // ImagingFrequency
    {0x00180085, "SH"},                    // ImagedNucleus
    {0x00180086, "IS"},                    // EchoNumbers
    {0x00180087, "DS"},                    // MagneticFieldStrength
    {0x00180088, "DS"},                    // SpacingBetweenSlices
    {0x00180089, "IS"},                    // NumberOfPhaseEncodingSteps
    {0x00180090, "DS"},                    // DataCollectionDiameter
    {0x00180091, "IS"},                    // EchoTrainLength
    {0x00180093, "DS"},                    // PercentSampling
    {0x00180094, "DS"},                    // PercentPhaseFieldOfView
    {0x00180095, "DS"},                    // PixelBandwidth
    {0x00181000, "LO", kSecret},           // DeviceSerialNumber
    {0x00181020, "LO"},                    // SoftwareVersions
    {0x00181030, "LO", kDescriptor},       // ProtocolName
    {0x00181063, "DS"},                    // FrameTime
    {0x00181065, "DS"},                    // FrameTimeVector
    {0x00181100, "DS"},                    // ReconstructionDiameter
    {0x00181110, "DS"},                    // DistanceSourceToDetector
    {0x00181111, "DS"},                    // DistanceSourceToPatient
    {0x00181114, "DS"},                    // EstimatedRadiographicMagnificationFactor
    {0x00181120, "DS"},                    // GantryDetectorTilt
    {0x00181130, "DS"},                    // TableHeight
    {0x00181140, "CS"},                    // RotationDirection
    {0x00181147, "CS"},                    // FieldOfViewShape
    {0x00181149, "IS"},                    // FieldOfViewDimensions
    {0x00181150, "IS"},                    // ExposureTime
    {0x00181151, "IS"},                    // XRayTubeCurrent
    {0x00181152, "IS"},                    // Exposure
    {0x00181153, "IS"},                    // ExposureInuAs
    {0x00181155, "CS"},                    // RadiationSetting
    {0x00181160, "SH"},                    // FilterType
    {0x00181164, "DS"},                    // ImagerPixelSpacing
    {0x00181166, "CS"},                    // Grid
    {0x00181170, "IS"},                    // GeneratorPower
    {0x00181190, "DS"},                    // FocalSpots
    {0x00181191, "CS"},                    // AnodeTargetMaterial
    {0x001811A0, "DS"},                    // BodyPartThickness
    {0x001811A2, "DS"},                    // CompressionForce
    {0x00181210, "SH"},                    // ConvolutionKernel
    {0x00181310, "US"},                    // AcquisitionMatrix
    {0x00181312, "CS"},                    // InPlanePhaseEncodingDirection
    {0x00181314, "DS"},                    // FlipAngle
    {0x00181315, "CS"},                    // VariableFlipAngleFlag
    {0x00181316, "DS"},                    // SAR
    {0x00181318, "DS"},                    // dBdt
    {0x00181405, "IS"},                    // RelativeXRayExposure
    {0x00181411, "DS"},                    // ExposureIndex
    {0x00181412, "DS"},                    // TargetExposureIndex
    {0x00181413, "DS"},                    // DeviationIndex
    {0x00181508, "CS"},                    // PositionerType
    {0x00181510, "DS"},                    // PositionerPrimaryAngle
    {0x00181511, "DS"},                    // PositionerSecondaryAngle
    {0x00181600, "CS"},                    // ShutterShape
    {0x00181602, "IS"},                    // ShutterLeftVerticalEdge
    {0x00181604, "IS"},                    // ShutterRightVerticalEdge
    {0x00181606, "IS"},                    // ShutterUpperHorizontalEdge
    {0x00181608, "IS"},                    // ShutterLowerHorizontalEdge
    {0x00181610, "IS"},                    // CenterOfCircularShutter
    {0x00181612, "IS"},                    // RadiusOfCircularShutter
    {0x00185100, "CS"},                    // PatientPosition
    {0x00185101, "CS"},                    // ViewPosition
    {0x00187004, "CS"},                    // DetectorType
    {0x00187005, "CS"},                    // DetectorConfiguration
    {0x00187060, "CS"},                    // ExposureControlMode
    {0x00189004, "CS"},                    // ContentQualification
    {0x00189005, "SH"},                    // PulseSequenceName
    {0x00189073, "FD"},                    // AcquisitionDuration
    {0x00189305, "FD"},                    // RevolutionTime
    {0x00189306, "FD"},                    // SingleCollimationWidth
    {0x00189307, "FD"},                    // TotalCollimationWidth
    {0x00189309, "FD"},                    // TableSpeed
    {0x00189310, "FD"},                    // TableFeedPerRotation
    {0x00189311, "FD"},                    // SpiralPitchFactor
    {0x00189424, "LT", kDescriptor},       // AcquisitionProtocolDescription
    {0x0020000D, "UI", kUid},              // StudyInstanceUID
    {0x0020000E, "UI", kUid},              // SeriesInstanceUID
    {0x00200010, "SH", kEmpty, true},      // StudyID
    {0x00200011, "IS"},                    // SeriesNumber
    {0x00200012, "IS"},                    // AcquisitionNumber
    {0x00200013, "IS"},                    // InstanceNumber
    {0x00200020, "CS"},                    // PatientOrientation
    {0x00200032, "DS"},                    // ImagePositionPatient
    {0x00200037, "DS"},                    // ImageOrientationPatient
    {0x00200052, "UI", kUid},              // FrameOfReferenceUID
    {0x00200060, "CS"},                    // Laterality
    {0x00200062, "CS"},                    // ImageLaterality
    {0x00200100, "IS"},                    // TemporalPositionIdentifier
    {0x00200105, "IS"},                    // NumberOfTemporalPositions
    {0x00201002, "IS"},                    // ImagesInAcquisition
    {0x00201040, "LO", kEmpty},            // PositionReferenceIndicator
    {0x00201041, "DS"},                    // SliceLocation
    {0x00209056, "SH"},                    // StackID
    {0x00209057, "UL"},                    // InStackPositionNumber
    {0x00209071, "SQ"},                    // FrameAnatomySequence
    {0x00209072, "CS"},                    // FrameLaterality
    {0x00209111, "SQ"},                    // FrameContentSequence
    {0x00209113, "SQ"},                    // PlanePositionSequence
    {0x00209116, "SQ"},                    // PlaneOrientationSequence
    {0x00209128, "UL"},                    // TemporalPositionIndex
    {0x00209156, "US"},                    // FrameAcquisitionNumber
    {0x00209157, "UL"},                    // DimensionIndexValues
    {0x00209161, "UI", kUid},              // ConcatenationUID
    {0x00209164, "UI", kUid},              // DimensionOrganizationUID
    {0x00209165, "AT"},                    // DimensionIndexPointer
    {0x00209167, "AT"},                    // FunctionalGroupPointer
    {0x00209221, "SQ"},                    // DimensionOrganizationSequence
    {0x00209222, "SQ"},                    // DimensionIndexSequence
    {0x00209311, "CS"},                    // DimensionOrganizationType
    {0x00280002, "US"},                    // SamplesPerPixel
    {0x00280004, "CS"},                    // PhotometricInterpretation
    {0x00280006, "US"},                    // PlanarConfiguration
    {0x00280008, "IS"},                    // NumberOfFrames
    {0x00280009, "AT"},                    // FrameIncrementPointer
    {0x00280010, "US"},                    // Rows
    {0x00280011, "US"},                    // Columns
    {0x00280030, "DS"},                    // PixelSpacing
    {0x00280034, "IS"},                    // PixelAspectRatio
    {0x00280051, "CS"},                    // CorrectedImage
    {0x00280100, "US"},                    // BitsAllocated
    {0x00280101, "US"},                    // BitsStored
    {0x00280102, "US"},                    // HighBit
    {0x00280103, "US"},                    // PixelRepresentation
    {0x00280106, "US"},                    // SmallestImagePixelValue
    {0x00280107, "US"},                    // LargestImagePixelValue
    {0x00280120, "US"},                    // PixelPaddingValue
    {0x00280121, "US"},                    // PixelPaddingRangeLimit
    {0x00280301, "CS"},                    // BurnedInAnnotation
    {0x00280302, "CS"},                    // RecognizableVisualFeatures
    {0x00280303, "CS", kMark, true},       // LongitudinalTemporalInformationModified
    {0x00280A02, "CS"},                    // PixelSpacingCalibrationType
    {0x00281040, "CS"},                    // PixelIntensityRelationship
    {0x00281041, "SS"},                    // PixelIntensityRelationshipSign
    {0x00281050, "DS"},                    // WindowCenter
    {0x00281051, "DS"},                    // WindowWidth
    {0x00281052, "DS"},                    // RescaleIntercept
    {0x00281053, "DS"},                    // RescaleSlope
    {0x00281054, "LO"},                    // RescaleType
    {0x00281056, "CS"},                    // VOILUTFunction
    {0x00281101, "US"},                    // RedPaletteColorLookupTableDescriptor
    {0x00281102, "US"},                    // GreenPaletteColorLookupTableDescriptor
    {0x00281103, "US"},                    // BluePaletteColorLookupTableDescriptor
    {0x00281201, "OW"},                    // RedPaletteColorLookupTableData
    {0x00281202, "OW"},                    // GreenPaletteColorLookupTableData
    {0x00281203, "OW"},                    // BluePaletteColorLookupTableData
    {0x00282110, "CS"},                    // LossyImageCompression
    {0x00282112, "DS"},                    // LossyImageCompressionRatio
    {0x00282114, "CS"},                    // LossyImageCompressionMethod
    {0x00283000, "SQ"},                    // ModalityLUTSequence
    {0x00283002, "US"},                    // LUTDescriptor
    {0x00283004, "LO"},                    // ModalityLUTType
    {0x00283006, "OW"},                    // LUTData
    {0x00283010, "SQ"},                    // VOILUTSequence
    {0x00289110, "SQ"},                    // PixelMeasuresSequence
    {0x00289132, "SQ"},                    // FrameVOILUTSequence
    {0x00289145, "SQ"},                    // PixelValueTransformationSequence
    {0x00321032, "PN", kSecret},           // RequestingPhysician
    {0x00321060, "LO", kDescriptor},       // RequestedProcedureDescription
    {0x00380010, "LO", kSecret},           // AdmissionID
    {0x00400006, "PN", kSecret},           // ScheduledPerformingPhysicianName
    {0x00400254, "LO", kDescriptor},       // PerformedProcedureStepDescription
    {0x00400275, "SQ", kSecret},           // RequestAttributesSequence
    {0x00402016, "LO", kSecret},           // PlacerOrderNumberImagingServiceRequest
    {0x00402017, "LO", kSecret},           // FillerOrderNumberImagingServiceRequest
    {0x0040A123, "PN", kSecret},           // PersonName
    {0x00540081, "US"},                    // NumberOfSlices
    {0x00541000, "CS"},                    // SeriesType
    {0x00541001, "CS"},                    // Units
    {0x00541002, "CS"},                    // CountsSource
    {0x00541102, "CS"},                    // DecayCorrection
    {0x00541300, "DS"},                    // FrameReferenceTime
    {0x00541321, "DS"},                    // DecayFactor
    {0x00541330, "US"},                    // ImageIndex
    {0x00700084, "PN", kSecret},           // ContentCreatorName
    {0x20500020, "CS"},                    // PresentationLUTShape
    {0x52009229, "SQ"},                    // SharedFunctionalGroupsSequence
    {0x52009230, "SQ"},                    // PerFrameFunctionalGroupsSequence
});

}  // namespace

std::span<const ProfileEntry> basic_profile() noexcept { return kProfile; }

const ProfileEntry* find_in_profile(Tag tag) noexcept {
  const auto* found = std::lower_bound(kProfile.begin(), kProfile.end(), tag,
                                       [](const ProfileEntry& entry, Tag wanted) { return entry.tag < wanted; });
  return found != kProfile.end() && found->tag == tag ? found : nullptr;
}

}  // namespace mi2::dicom::results
